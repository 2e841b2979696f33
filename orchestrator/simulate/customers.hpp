// The people outside: they start sagas, pay early, late, twice or never, cancel, and some of what
// they send is nonsense.
#pragma once
#include "orchestrator/simulate/world.hpp"

namespace skald::sim {
class customers {
 public:
  explicit customers(world& w) : w_(w) {}
  void plan_all();
  // An action of the operator's or of a customer's, on its way into the inbox.
  void act(int saga, const std::string& json);

 private:
  void plan_one(int saga);
  void plan_events(int saga, std::size_t step, std::int64_t start_ms, bool early);
  void flood(int saga, std::size_t step, std::int64_t from_ms, std::int64_t within_ms);
  void start(int saga, const payload&, int copies);
  void say(int saga, std::size_t step, std::string_view type, const std::string& message_id,
           const std::string& occurrence);
  void publish(int saga, std::string_view topic, std::span<const wire::header>,
               std::string_view value);
  void poison(int saga);

  world& w_;
  std::uint64_t messages_ = 0;
};
}  // namespace skald::sim
