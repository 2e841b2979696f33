// The operator: looks at sagas in the database now and then, and sees to what waits for him. His
// word about an effect is written into the participant's books first.
#pragma once
#include "orchestrator/simulate/customers.hpp"
#include "sagas/machine.hpp"

namespace skald::sim {
class operators {
 public:
  operators(world& w, customers& voice) : w_(w), voice_(voice) {}

  void look();        // at some sagas and at what waits for him, as the run's faults say
  bool resume_all();  // false: nothing is paused
  bool see_to_all();  // every open item, once; false: there is none

 private:
  bool see_to(int saga);
  void word_on_step(int saga, std::size_t step, const machine::saga&);
  void word_on_surplus(int saga, const machine::surplus_state&);
  // What he decided about an effect: in the books first, then said to the saga.
  void decide(int saga, std::string_view action, std::size_t step, std::string_view occurrence,
              fence::state to);
  void write_books(int saga, std::size_t step, std::string_view occurrence, fence::state to);
  void say(int saga, std::string_view action, int step, std::string_view occurrence, bool in_books);
  void absurd(int saga);

  world& w_;
  customers& voice_;
};
}  // namespace skald::sim
