// A store that knows the vending saga and the one whose customer pays elsewhere; nothing else.
#pragma once
#include <string>
#include <vector>

#include "examples/vending/saga.hpp"
#include "orchestrator/store.hpp"
#include "sagas/json.hpp"

namespace skald::test {
struct two_definitions final : store {
  std::vector<std::string> specs{to_json(vending::vending_saga), to_json(vending::self_pay_saga)};
  std::string state = "active";  // of both

  std::vector<definition_row> definitions() override {
    return {{1, std::string(vending::vending_saga.name), 1, state},
            {2, std::string(vending::self_pay_saga.name), 1, state}};
  }
  std::string definition_spec(std::int32_t no) override {
    return specs.at(static_cast<std::size_t>(no - 1));
  }
  commit_result commit(const batch&) override { return {}; }
  void load(std::span<const uuid>, std::vector<saga_row>&) override {}
  std::optional<shard_taken> take_over(std::int16_t, std::optional<std::int64_t>) override {
    return {};
  }
  std::optional<packed_row> next_packed(std::int16_t, std::int64_t) override { return {}; }
  void restore(std::int16_t, std::int64_t, std::vector<open_saga>&) override {}
  std::vector<topic_row> topics() override { return {}; }
  int take_seat(std::string_view) override { return 0; }
  std::int64_t journal_end_no() override { return 0; }
};
}  // namespace skald::test
