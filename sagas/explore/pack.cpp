#include "sagas/explore/pack.hpp"

namespace skald::explore {
namespace {
// One description of the layout serves both directions.
class writer {
 public:
  explicit writer(std::vector<std::uint8_t>& out) : out_(out) {}
  ~writer() {
    for (; used_ > 0; used_ -= 8, bits_ >>= 8) *at_++ = static_cast<std::uint8_t>(bits_);
    out_.assign(buffer_, at_);
  }
  template <class T>
  void operator()(T& value, int width) {
    bits_ |= (static_cast<std::uint64_t>(value) & ((1ull << width) - 1)) << used_;
    used_ += width;
    if (used_ < 32) return;
    for (int byte = 0; byte < 4; ++byte, bits_ >>= 8) *at_++ = static_cast<std::uint8_t>(bits_);
    used_ -= 32;
  }
  template <class T>
  void items(std::vector<T>& v, int width) {
    auto count = v.size();
    (*this)(count, width);
  }

 private:
  static constexpr std::size_t max_packed = 4096;  // twice what the widths below can add up to
  std::vector<std::uint8_t>& out_;
  std::uint8_t buffer_[max_packed];
  std::uint8_t* at_ = buffer_;
  std::uint64_t bits_ = 0;
  int used_ = 0;
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

template <class Bits>
void layout(Bits& bits, const definition& d, machine::saga& s) {
  bits(s.phase, 3), bits(s.paused, 1), bits(s.born_aborted, 1), bits(s.conflict, 1);
  bits(s.stage, 5);
  bits(s.deadline_ms, 1), bits(s.parking_ms, 1), bits(s.paused_ms, 1);
  bits(s.steps.count, 5);
  for (std::size_t i = 0; i < d.steps.size(); ++i) {
    auto& now = s.steps[i];
    bits(now.status, 4), bits(now.dirty, 1), bits(now.risked, 1), bits(now.waiting, 1);
    bits(now.attempts, 3), bits(now.n, bits_of_n), bits(now.undo_n, bits_of_n), bits(now.arm, 1);
    bits(now.accepted, bits_of_occurrence), bits(now.due_ms, 1);
  }
  bits.items(s.surpluses, 5);
  for (auto& x : s.surpluses) {
    bits(x.step, 4), bits(x.attempts, 3), bits(x.now, 2), bits(x.n, bits_of_n), bits(x.arm, 1);
    bits(x.risked, 1), bits(x.waiting, 1);
    bits(x.occurrence, bits_of_occurrence), bits(x.due_ms, 1);
  }
  bits.items(s.parked, 6);
  for (auto& p : s.parked) bits(p.step, 4), bits(p.ok, 1), bits(p.occurrence, bits_of_occurrence);
  bits.items(s.counted, 6);
  for (auto& c : s.counted) bits(c.step, 4), bits(c.occurrence, bits_of_occurrence);
  bits.items(s.held, 6);
  for (auto& e : s.held) {
    bits(e.kind, 4), bits(e.step, 8), bits(e.n, bits_of_n), bits(e.arm, 2);
    bits(e.occurrence, bits_of_occurrence), bits(e.after_ms, 1), bits(e.in_books, 1);
  }
}

template <class Bits>
void layout(Bits& bits, const definition& d, world& w) {
  bits(w.guards, max_steps), bits(w.overflowed, 1), bits(w.zombie_loaded, 1);
  layout(bits, d, w.saga);
  for (std::size_t i = 0; i < d.steps.size(); ++i) {
    auto& books = w.books[i];
    auto& mail = w.mail[i];
    bits(books.fence, 1), bits(books.declined, 1), bits(books.retry_kept, 1);
    bool silent = !mail.dos && !mail.declined && !mail.undos && books.effects[0] == effect::none;
    bits(silent, 1);
    if (silent) continue;
    for (auto& e : books.effects) bits(e, 2);
    bits(mail.dos, 3), bits(mail.refused, 3), bits(mail.retry[0], 3), bits(mail.declined, 3);
    bits(mail.consumed, max_effects);
    for (auto& copies : mail.ok) bits(copies, 3);
    bits(mail.undos, bits_of_n);
    for (std::uint8_t n = 0; n < mail.undos; ++n) {
      bits(mail.undo[n], 3), bits(mail.undone[n], 3), bits(mail.named[n], 3);
      bits(mail.retry[n + 1], 3);
    }
  }
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
