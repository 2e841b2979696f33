#include "sagas/explore/pack.hpp"

namespace skald::explore {
namespace {
struct gatherer {
  std::uint64_t word = 0;
  int used = 0;
  template <class T>
  void operator()(T& value, int width) {
    word |= (static_cast<std::uint64_t>(value) & ((1ull << width) - 1)) << used;
    used += width;
  }
};

// One description of the layout serves both directions.
class writer {
 public:
  explicit writer(std::vector<std::uint8_t>& out) : out_(out) {}
  ~writer() {
    words_[at_] = word_;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(words_);
    out_.assign(bytes, bytes + at_ * 8 + (used_ + 7) / 8);
  }
  template <class T>
  void operator()(T& value, int width) {
    const auto bits = static_cast<std::uint64_t>(value) & ((1ull << width) - 1);
    word_ |= bits << used_;
    used_ += width;
    if (used_ < 64) return;
    used_ -= 64;
    words_[at_++] = word_;
    word_ = bits >> (width - used_);
  }
  // Up to 63 bits, gathered first: the compiler makes one word of them.
  template <class Fields>
  void group(Fields each) {
    gatherer all;
    each(all);
    (*this)(all.word, all.used);
  }
  template <class T>
  void items(std::vector<T>& v, int width) {
    auto count = v.size();
    (*this)(count, width);
  }

 private:
  static constexpr std::size_t max_words = 512;  // twice what the widths below can add up to
  std::vector<std::uint8_t>& out_;
  std::uint64_t words_[max_words];
  std::uint64_t word_ = 0;
  std::size_t at_ = 0;
  int used_ = 0;  // less than 64
};

class reader {
 public:
  explicit reader(const std::uint8_t* in) : in_(in) {}
  template <class T>
  void operator()(T& value, int width) {
    for (; used_ < width; used_ += 8) bits_ |= static_cast<std::uint64_t>(*in_++) << used_;
    value = static_cast<T>(bits_ & ((1ull << width) - 1));
    bits_ >>= width;
    used_ -= width;
  }
  template <class Fields>
  void group(Fields each) {
    each(*this);
  }
  template <class T>
  void items(std::vector<T>& v, int width) {
    std::size_t count = 0;
    (*this)(count, width);
    v.resize(count);
  }

 private:
  const std::uint8_t* in_;
  std::uint64_t bits_ = 0;
  int used_ = 0;
};

constexpr int bits_of_n = 3;           // up to max_undos
constexpr int bits_of_occurrence = 4;  // up to other_try
constexpr int bits_of_arm = 5;         // beyond max_arms
constexpr int bits_of_copies = 2;      // up to max_copies

template <class Bits>
void layout(Bits& bits, machine::step_state& now) {
  bool touched = now.status != machine::status::idle || now.arm || now.n || now.accepted;
  bits(touched, 1);
  if (!touched) return;
  bits.group([&](auto& field) {
    field(now.status, 4), field(now.dirty, 1), field(now.risked, 1), field(now.waiting, 1);
    field(now.attempts, 3), field(now.n, bits_of_n), field(now.undo_n, bits_of_n);
    field(now.arm, bits_of_arm), field(now.accepted, bits_of_occurrence), field(now.due_ms, 1);
  });
}

template <class Bits>
void layout(Bits& bits, machine::surplus_state& x) {
  bits.group([&](auto& field) {
    field(x.step, 4), field(x.attempts, 3), field(x.now, 2), field(x.n, bits_of_n);
    field(x.arm, bits_of_arm), field(x.risked, 1), field(x.waiting, 1);
    field(x.occurrence, bits_of_occurrence), field(x.due_ms, 1);
  });
}

template <class Bits>
void layout(Bits& bits, machine::event& held) {
  bits.group([&](auto& field) {
    field(held.kind, 4), field(held.step, 8), field(held.n, bits_of_n), field(held.arm, 2);
    field(held.occurrence, bits_of_occurrence), field(held.after_ms, 1), field(held.in_books, 1);
  });
}

template <class Bits>
void layout(Bits& bits, const definition& d, machine::saga& s) {
  bits.group([&](auto& field) {
    field(s.phase, 3), field(s.paused, 1), field(s.born_aborted, 1), field(s.conflicts, max_steps);
    field(s.stage, 5), field(s.deadline_ms, 1), field(s.parking_ms, 1), field(s.paused_ms, 1);
    field(s.steps.count, 5);
  });
  for (std::size_t i = 0; i < d.steps.size(); ++i) layout(bits, s.steps[i]);
  bits.items(s.surpluses, 5);
  for (auto& x : s.surpluses) layout(bits, x);
  bits.items(s.parked, 6);
  for (auto& p : s.parked) bits(p.step, 4), bits(p.ok, 1), bits(p.occurrence, bits_of_occurrence);
  bits.items(s.counted, 6);
  for (auto& c : s.counted) bits(c.step, 4), bits(c.occurrence, bits_of_occurrence);
  bits.items(s.held, 6);
  for (auto& e : s.held) layout(bits, e);
}

template <class Bits>
void layout(Bits& bits, books& books, mail& mail) {
  bool silent = !mail.dos && !mail.declined && !mail.undos && books.effects[0] == effect::none;
  bits.group([&](auto& field) {
    field(books.fence, 1), field(books.declined, 1), field(books.retry_kept, 1), field(silent, 1);
  });
  if (silent) return;
  bits.group([&](auto& field) {
    for (auto& e : books.effects) field(e, 2);
    field(mail.dos, bits_of_copies), field(mail.refused, bits_of_copies);
    field(mail.retry[0], bits_of_copies), field(mail.declined, bits_of_copies);
    field(mail.consumed, max_effects);
    for (auto& copies : mail.ok) field(copies, bits_of_copies);
    field(mail.undos, bits_of_n);
  });
  for (std::uint8_t n = 0; n < mail.undos; ++n)
    bits.group([&](auto& field) {
      field(mail.undo[n], bits_of_copies), field(mail.undone[n], bits_of_copies);
      field(mail.named[n], 3), field(mail.retry[n + 1], bits_of_copies);
    });
}

template <class Bits>
void layout(Bits& bits, const definition& d, world& w) {
  bits.group([&](auto& field) {
    field(w.guards, max_steps), field(w.overflowed, 1), field(w.faults, 3);
    field(w.zombie_loaded, 1);
  });
  layout(bits, d, w.saga);
  for (std::size_t i = 0; i < d.steps.size(); ++i) layout(bits, w.books[i], w.mail[i]);
}
}  // namespace

void pack(const definition& d, const world& w, std::vector<std::uint8_t>& out) {
  writer bits(out);
  auto& same = const_cast<world&>(w);  // the writer's layout only reads
  layout(bits, d, same);
  bool zombie = w.zombie.has_value();
  bits(zombie, 1);
  if (zombie) layout(bits, d, *same.zombie);
}

void unpack(const definition& d, const std::uint8_t* bytes, world& out) {
  out = {};
  reader bits(bytes);
  layout(bits, d, out);
  bool zombie = false;
  bits(zombie, 1);
  if (!zombie) return;
  out.zombie.emplace();
  layout(bits, d, *out.zombie);
}
}  // namespace skald::explore
