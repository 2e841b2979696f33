// One saga at the participant's door: sends commands of one step, and demands answers. Every answer
// is checked against rule P1 as it comes.
#pragma once
#include <stdexcept>
#include <string>

#include "outbox/conformance/desk.hpp"
#include "outbox/conformance/script.hpp"
#include "outbox/ids.hpp"

namespace skald::conformance {
// A rule is broken: the sentence, and the letters that show it.
struct broken : std::runtime_error {
  broken(const std::string& sentence, std::string bytes_)
      : std::runtime_error(sentence), bytes(std::move(bytes_)) {}
  std::string bytes;
};

class trial {
 public:
  trial(desk&, const script&, const step&, std::string key);

  // The letters of a command. `n` 0 for a do; attempts start at 1.
  letter act(int attempt = 1) const { return command(wire::kind::do_, 0, step_.act, attempt); }
  letter decline() const { return command(wire::kind::do_, 0, step_.decline, 1); }
  letter undo(int n = 1) const { return command(wire::kind::undo, n, step_.undo, 1); }
  letter undo_named(const std::string& occurrence, int n = 1) const;
  letter settle(const std::string& row, int n) const;
  std::string act_id() const { return id(wire::kind::do_, 0); }

  void send(const letter& l) { desk_.send(l); }
  // The answer, whatever its outcome but `retry`, after which the command is sent again.
  letter answer(const letter& command);
  letter ask(const letter& command);  // send and answer
  // The same, behind a crash: the participant may repeat answers to earlier attempts before.
  letter ask_after_crash(const letter& command);
  // The same, and demands the outcome.
  letter expect(const letter& command, wire::outcome, const std::string& what);
  letter expect_answer(const letter& command, wire::outcome, const std::string& what);
  void expect_same(const letter& first, const letter& again, const std::string& what) const;

  const conformance::step& step() const { return step_; }
  desk& out() { return desk_; }

 private:
  std::string id(wire::kind, int n) const;
  letter command(wire::kind, int n, const message&, int attempt) const;
  void check_form(const letter& command, const letter& reply) const;
  desk& desk_;
  const script& script_;
  const conformance::step& step_;
  std::string key_;
  uuid saga_;
};
}  // namespace skald::conformance
