// Named places where a fault can be put in, compiled in always, so that the tested program is the
// shipped one. Off they cost one relaxed load.
//
// SKALD_FAILPOINTS="name=action[@hit][;...]": at the hit-th pass (from 1; without it: each pass)
//   kill         kill -9 of this process       throw        a failpoint_error is thrown
//   sleep:MS     that long                     drop         the caller drops its connection
//   error        the caller gets its error     count        nothing, but see counts()
// A name is one of known(); "*" is every one of them, each with hits of its own. drop and error
// are for places that can carry them out: where a commit is sent.
#pragma once
#include <atomic>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skald::failpoint {
enum class effect : unsigned char { none, drop, error };

struct failpoint_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct place {
  std::string_view name, meaning;
  bool drops = false, fails = false;  // drop, error can be carried out here
};
std::span<const place> known();

// Arms what the text says; an empty text disarms all. Throws std::invalid_argument with a sentence
// that names the mistake, also for what a place cannot do. Not while other threads run.
void arm(std::string_view text);
void arm_from_environment();

// How often each armed place was passed, by name. For the fault tests, which choose their hits.
std::vector<std::pair<std::string, long>> counts();

// Asked at each pass instead of what is armed, with a name that lives for ever; what it throws goes
// through. Null: nobody. For one thread: the simulator's.
void watch(std::function<effect(std::string_view name)>);

namespace detail {
extern std::atomic<bool> armed;
effect pass(std::string_view name, std::string_view which = {});
}  // namespace detail

// Passes the place `name`. drop and error are for the caller to carry out.
inline effect pass(std::string_view name) {
  if (!detail::armed.load(std::memory_order_relaxed)) [[likely]]
    return effect::none;
  return detail::pass(name);
}
// One place of many of a kind: "name" and "name:which" are passed.
inline effect pass(std::string_view name, std::string_view which) {
  if (!detail::armed.load(std::memory_order_relaxed)) [[likely]]
    return effect::none;
  return detail::pass(name, which);
}
}  // namespace skald::failpoint
