// Named places where a fault can be put in, compiled in always, so that the tested program is the
// shipped one. Off they cost one relaxed load.
//
// SKALD_FAILPOINTS="name=action[@hit][;...]": at the hit-th pass (from 1; without it: each pass)
//   kill         kill -9 of this process       throw        a failpoint_error is thrown
//   sleep:MS     that long                     drop         the caller drops its connection
//   error        the caller gets its error
#pragma once
#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace skald::failpoint {
enum class effect : unsigned char { none, drop, error };

struct failpoint_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Arms what the text says; an empty text disarms all. Throws std::invalid_argument with a sentence
// that names the mistake. Not while other threads run.
void arm(std::string_view text);
void arm_from_environment();

// Asked at each pass instead of what is armed, with a name that lives for ever; what it throws goes
// through. Null: nobody. For one thread: the simulator's.
void watch(std::function<effect(std::string_view name)>);

namespace detail {
extern std::atomic<bool> armed;
effect pass(std::string_view name);
}  // namespace detail

// Passes the place `name`. drop and error are for the caller to carry out.
inline effect pass(std::string_view name) {
  if (!detail::armed.load(std::memory_order_relaxed)) [[likely]]
    return effect::none;
  return detail::pass(name);
}
}  // namespace skald::failpoint
