// docs/contract.md promises bytes: its partitioner vectors, ids, token and examples are those of
// the code.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <tuple>

#include "outbox/conformance/script.hpp"
#include "outbox/ids.hpp"
#include "outbox/participant_replies.hpp"
#include "outbox/token.hpp"

using namespace skald;

namespace {
std::string page() {
  std::ifstream in(SKALD_CONTRACT_PAGE);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The messages of section "Bytes": header lines, an empty line, the data, all indented by four.
struct shown {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string data;

  std::vector<wire::header> views() const {
    std::vector<wire::header> all;
    for (const auto& [name, value] : headers) all.push_back({name, value});
    return all;
  }
};
std::vector<shown> examples() {
  const auto text = page();
  const auto begin = text.find("\n## Bytes");
  std::istringstream lines(text.substr(begin, text.find("\n## ", begin + 1) - begin));
  std::vector<shown> all(1);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("    ")) continue;
    line.erase(0, 4);
    if (line.starts_with("{")) {
      all.back().data = line;
      all.emplace_back();
    } else {
      const auto colon = line.find(": ");
      all.back().headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
  }
  all.pop_back();
  return all;
}

std::string to_text(std::span<const wire::header> headers) {
  std::string text;
  for (const auto& h : headers) text.append(h.name).append(": ").append(h.value) += '\n';
  return text;
}
}  // namespace

TEST_CASE("the contract page's partitioner vectors") {
  std::istringstream lines(page());
  int vectors = 0;
  for (std::string line; std::getline(lines, line);) {
    char key[64], hash[16];
    int of_4 = 0, of_6 = 0, of_8 = 0;
    if (std::sscanf(line.c_str(), "| `%63[^`]` | `%8[0-9a-f]` | %d | %d | %d |", key, hash, &of_4,
                    &of_6, &of_8) != 5)
      continue;
    CAPTURE(key);
    ++vectors;
    CHECK(murmur2_partition(key, 4) == of_4);
    CHECK(murmur2_partition(key, 6) == of_6);
    CHECK(murmur2_partition(key, 8) == of_8);
    const auto positive = std::stoul(hash, nullptr, 16) & 0x7fffffff;
    CHECK(murmur2_partition(key, 0x7fffffff) == static_cast<std::int32_t>(positive));
  }
  CHECK(vectors >= 7);
}

TEST_CASE("the contract page's saga id and token") {
  const auto saga = to_string(saga_id(saga_namespace("vending"), "order-17"));
  const auto id = saga + "/reserve/do/0";
  std::string token;
  signer({{1, "0123456789abcdef0123456789abcdef"}}).append_token(token, id);
  const auto text = page();
  CHECK(text.find("ce_id: " + id + "\n") != text.npos);
  CHECK(text.find("ce_correlationid: " + saga + "\n") != text.npos);
  CHECK(text.find("ce_sagatoken: " + token + "\n") != text.npos);
}

TEST_CASE("the contract page's command is understood, and its reply is what the library answers") {
  const auto all = examples();
  REQUIRE(all.size() == 2);
  const auto& [command, reply] = std::tie(all[0], all[1]);

  const auto headers = command.views();
  const wire::record record{.topic = "inventory.commands",
                            .key = "order-17",
                            .value = command.data,
                            .has_key = true,
                            .has_value = true,
                            .headers = headers};
  participant_handlers handlers;
  handlers.commands["vending.ReserveItem.v1"] = nullptr;  // known; not called here
  auto t = read_task(record, handlers);
  CHECK(t.problem == "");
  CHECK(t.envelope.kind == wire::kind::do_);
  CHECK(t.envelope.reply_to == "skald.inbox");
  CHECK(t.own_id == t.envelope.id);

  const auto said = reply.views();
  const auto parsed = wire::parse(said);
  CHECK(parsed.problem == "");
  t.answer = {.outcome = parsed.envelope.outcome,
              .type = std::string(parsed.envelope.type),
              .data = reply.data};
  reply_headers made("inventory");
  const auto time =
      std::find_if(said.begin(), said.end(), [](auto& h) { return h.name == "ce_time"; });
  REQUIRE(time != said.end());
  CHECK(to_text(made.of(t, time->value)) == to_text(said));
}

TEST_CASE("the contract page's script is one that the kit reads") {
  const auto text = page();
  const auto begin = text.find("```json\n") + 8;
  const auto script = conformance::read_script(text.substr(begin, text.find("```", begin) - begin));
  CHECK(script.participant == "inventory");
  REQUIRE(script.steps.size() == 1);
  CHECK_FALSE(script.steps[0].undo.empty());
}
