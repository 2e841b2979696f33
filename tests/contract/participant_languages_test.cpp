// The reference participants of other languages under the same conformance kit. CMakeLists.txt
// registers this once for each language, behind a test that builds it (build_participants.py).
#include "tests/contract/participant_program.hpp"

using namespace skald;

namespace {
// SKALD_TEST_PARTICIPANT: the program; its first argument is the participant's name.
std::vector<std::string> program(const std::string& name) {
  const char* path = std::getenv("SKALD_TEST_PARTICIPANT");
  if (!path) FAIL("SKALD_TEST_PARTICIPANT is not set: run this by ctest");
  return {path, name};
}

void keeps_contract(const std::string& name) {
  const auto script =
      test::read_script_file(std::string(SKALD_VENDING_DIR) + "/conformance/" + name + ".json");
  test::participant_program participant(program(name), name,
                                        std::string(SKALD_BIN_DIR) + "/vending_" + name);
  test::check_all_kept(participant.run_kit(script), participant.log());
  CHECK(participant.stop() == 0);
}
}  // namespace

TEST_CASE("inventory keeps the contract") {
  keeps_contract("inventory");
}
TEST_CASE("payments keeps the contract") {
  keeps_contract("payments");
}
TEST_CASE("machine keeps the contract") {
  keeps_contract("machine");
}
