#include "sagas/encoding.hpp"

namespace skald::machine {
namespace {
// Writes or reads, so that there is one description of the layout (`walk`) and no second to drift.
struct writer {
  static constexpr bool reading = false;
  std::string& out;

  void byte(std::uint8_t b) { out.push_back(static_cast<char>(b)); }
  void varint(std::uint64_t v) {
    for (; v >= 0x80; v >>= 7) byte(static_cast<std::uint8_t>(v | 0x80));
    byte(static_cast<std::uint8_t>(v));
  }
  void hash(std::uint64_t v) {
    char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(v >> 8 * i);
    out.append(bytes, sizeof bytes);
  }
};

struct reader {
  static constexpr bool reading = true;
  std::string_view in;
  std::string_view problem{};

  void fail(std::string_view sentence) {
    if (problem.empty()) problem = sentence;
    in = {};
  }
  std::uint8_t byte() {
    if (in.empty()) {
      fail("The saga's state ends too early.");
      return 0;
    }
    const auto b = static_cast<std::uint8_t>(in.front());
    in.remove_prefix(1);
    return b;
  }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto b = byte();
      if (shift == 63 && b > 1) break;
      v |= std::uint64_t{b & 0x7fu} << shift;
      if (b < 0x80) return v;
    }
    fail("A number in the saga's state is longer than 64 bits.");
    return 0;
  }
  std::uint64_t hash() {
    std::uint64_t v = 0;
    for (int i = 0; i < 8; ++i) v |= std::uint64_t{byte()} << 8 * i;
    return v;
  }
};

void number(writer& w, std::integral auto v) {
  w.varint(static_cast<std::uint64_t>(v));
}

template <std::integral T>
void number(reader& r, T& v) {
  const auto read = r.varint();
  v = static_cast<T>(read);
  const bool fits = v >= 0 && static_cast<std::uint64_t>(v) == read;
  if (!fits) r.fail("A number in the saga's state is larger than its field.");
}

void hash(writer& w, std::uint64_t v) {
  w.hash(v);
}
void hash(reader& r, std::uint64_t& v) {
  v = r.hash();
}

void flags(writer& w, std::initializer_list<const bool*> set) {
  std::uint8_t b = 0, bit = 1;
  for (auto* flag : set) {
    b = static_cast<std::uint8_t>(b | (*flag ? bit : 0));
    bit = static_cast<std::uint8_t>(bit << 1);
  }
  w.byte(b);
}

void flags(reader& r, std::initializer_list<bool*> set) {
  const auto b = r.byte();
  if (b >> set.size()) return r.fail("The saga's state has a flag that nobody knows.");
  std::uint8_t bit = 1;
  for (auto* flag : set) {
    *flag = b & bit;
    bit = static_cast<std::uint8_t>(bit << 1);
  }
}

template <class E>
void choice_of(writer& w, const E& e, E) {
  w.byte(static_cast<std::uint8_t>(e));
}

template <class E>
void choice_of(reader& r, E& e, E last) {
  const auto b = r.byte();
  if (b > static_cast<std::uint8_t>(last))
    return r.fail("The saga's state has a value that nobody knows.");
  e = static_cast<E>(b);
}

template <class List>
void size(writer& w, List& list, std::size_t) {
  w.varint(list.size());
}

template <class List>
void size(reader& r, List& list, std::size_t most) {
  std::size_t count = 0;
  number(r, count);
  if (count > most) return r.fail("A list in the saga's state is longer than its bound.");
  if constexpr (requires { list.resize(count); })
    list.resize(count);
  else
    list.count = count;
}

template <class Io>
void step_index(Io& io, auto& step, std::size_t steps) {
  if constexpr (Io::reading) {
    step = io.byte();
    if (step >= steps) io.fail("The saga's state names a step that it does not have.");
  } else {
    (void)steps;
    io.byte(step);
  }
}

// Steps as bits; never empty.
template <class Io>
void step_set(Io& io, auto& set, std::size_t steps) {
  number(io, set);
  if constexpr (Io::reading)
    if (set == 0 || set >> steps != 0)
      io.fail("The saga's state names a step that it does not have.");
  (void)steps;
}

// What an ordinary step does not have costs one flag.
template <class Io>
void walk_step(Io& io, auto& st) {
  bool timer = st.due_ms != 0, accepted = st.accepted != 0, undo = st.n != 0;
  choice_of(io, st.status, status::skipped);
  flags(io, {&st.dirty, &st.risked, &st.waiting, &timer, &accepted, &undo});
  number(io, st.attempts);
  number(io, st.arm);
  if (timer) number(io, st.due_ms);
  if (accepted) hash(io, st.accepted);
  if (!undo) return;
  number(io, st.n);
  number(io, st.undo_n);
}

template <class Io>
void walk_surplus(Io& io, auto& x, std::size_t steps) {
  step_index(io, x.step, steps);
  choice_of(io, x.now, surplus_state::state::ignored);
  flags(io, {&x.risked, &x.waiting});
  number(io, x.attempts);
  number(io, x.n);
  number(io, x.arm);
  hash(io, x.occurrence);
  number(io, x.due_ms);
}

template <class Io>
void walk_held(Io& io, auto& e) {
  choice_of(io, e.kind, event_kind::op_not_done);
  flags(io, {&e.in_books});
  number(io, e.step);
  number(io, e.n);
  number(io, e.arm);
  hash(io, e.occurrence);
  number(io, e.after_ms);
}

template <class Io>
void walk(Io& io, auto& s) {
  bool timed = s.deadline_ms != 0 || s.parking_ms != 0 || s.paused_ms != 0;
  bool unusual = !s.surpluses.empty() || !s.parked.empty() || !s.counted.empty() || !s.held.empty();
  bool conflict = s.conflicts != 0;
  choice_of(io, s.phase, phase::aborted);
  flags(io, {&s.paused, &s.born_aborted, &conflict, &timed, &unusual});
  number(io, s.stage);
  number(io, s.recorded);
  hash(io, s.jitter_seed);
  if (timed) {
    number(io, s.deadline_ms);
    number(io, s.parking_ms);
    number(io, s.paused_ms);
  }
  size(io, s.steps, max_steps);
  for (std::size_t i = 0; i < s.steps.size(); ++i) walk_step(io, s.steps[i]);
  if (conflict) step_set(io, s.conflicts, s.steps.size());
  if (!unusual) return;
  size(io, s.surpluses, max_counted);
  for (auto& x : s.surpluses) walk_surplus(io, x, s.steps.size());
  size(io, s.parked, max_parked);
  for (auto& p : s.parked) {
    step_index(io, p.step, s.steps.size());
    flags(io, {&p.ok});
    hash(io, p.occurrence);
  }
  size(io, s.counted, max_counted);
  for (auto& c : s.counted) {
    step_index(io, c.step, s.steps.size());
    hash(io, c.occurrence);
  }
  size(io, s.held, max_held);
  for (auto& e : s.held) walk_held(io, e);
}
}  // namespace

void encode(const saga& s, std::string& out) {
  writer w{out};
  w.byte(encoding_version);
  walk(w, s);
}

std::string encode(const saga& s) {
  std::string out;
  out.reserve(96);
  encode(s, out);
  return out;
}

std::string_view decode(std::string_view bytes, saga& s) {
  reader r{bytes};
  const auto version = r.byte();
  if (!r.problem.empty()) return "The saga's state is empty.";
  if (version > encoding_version)
    return "The saga's state was written by a newer version of this program; upgrade this one.";
  if (version != encoding_version) return "The saga's state does not begin with a version.";
  saga read;
  walk(r, read);
  if (r.problem.empty() && !r.in.empty()) r.fail("The saga's state has bytes behind its end.");
  if (r.problem.empty()) s = std::move(read);
  return r.problem;
}

std::optional<saga> decode(std::string_view bytes) {
  saga s;
  if (!decode(bytes, s).empty()) return std::nullopt;
  return s;
}

bool is_newer_encoding(std::string_view bytes) {
  return !bytes.empty() && static_cast<std::uint8_t>(bytes.front()) > encoding_version;
}
}  // namespace skald::machine
