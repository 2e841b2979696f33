// All that users may include, in one program: a definition and the participant that serves it.
#include <doctest/doctest.h>

#include "examples/vending/saga.hpp"
#include "skald/inbox.hpp"
#include "skald/json.hpp"
#include "skald/outbox.hpp"
#include "skald/participant.hpp"
#include "skald/saga.hpp"

TEST_CASE("a definition's reply and a participant's answer go into one program") {
  const auto answer = skald::ok(vending::DrinkDispensed{"order-1"});
  CHECK(answer.type == vending::vending_saga.steps[2].done);
  CHECK(answer.data == R"({"order_id":"order-1"})");
}
