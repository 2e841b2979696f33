// A whole installation for one test: a database and topics of its own, the service under test, and
// the test itself as every participant and customer.
#pragma once
#include <doctest/doctest.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/definitions.hpp"
#include "orchestrator/service.hpp"
#include "outbox/kafka/mock_cluster.hpp"
#include "outbox/log.hpp"
#include "outbox/postgres/connection.hpp"
#include "outbox/token.hpp"
#include "tests/support/postgres.hpp"

namespace skald::test {
inline constexpr auto patience = std::chrono::seconds(30);  // for signals that come much earlier

// A command as a participant sees it.
struct seen_command {
  std::string topic, key, value;
  std::map<std::string, std::string> headers;

  const std::string& header(const std::string& name) const {
    static const std::string none;
    const auto found = headers.find(name);
    return found == headers.end() ? none : found->second;
  }
  const std::string& type() const { return header("ce_type"); }
  const std::string& id() const { return header("ce_id"); }
};

struct answer {
  std::string outcome, type, data;
  bool signed_ = true;
  int copies = 1;
};

// Vending's machine says no.
inline const answer jam{"declined", "vending.DispenseFailed.v1",
                        R"({"order_id":"any","reason":"jam"})"};

enum class broker { embedded, real };

class world {
 public:
  // `json`: the definition; "{run}" in it becomes a word of this test's own, for the names of
  // participants and topics.
  world(broker, std::string json, int shards = 4);
  ~world();

  settings service_settings() const;
  std::function<void(settings&)> adjust;  // before serve()
  void serve();                           // starts the service under test
  void stop_service();
  service& served() { return *service_; }

  // Answers a command of that type; none: the reply is lost. Unknown types are answered by the
  // usual: ok, with the data that vending's participants would send.
  std::map<std::string, std::function<std::optional<answer>(const seen_command&)>> on;

  // Stores and activates one more definition; "{run}" as above.
  void activate(std::string json);
  // Before it is activated: topics with another number of partitions than there are shards.
  void make_topic(const std::string& name, int partitions);
  void start(const std::string& key, const std::string& data,
             const std::string& type = "vending.ItemSelected.v1");
  void start_drink(const std::string& key, int price_cents = 250);
  void publish(const std::string& topic, const std::string& key,
               const std::vector<std::pair<std::string, std::string>>& headers,
               const std::string& value, int partition = -1);
  // A reply as if to a command of this saga, whether it was sent or not.
  void reply_early(const std::string& key, const std::string& step, const answer&);
  void reply(const seen_command&, const answer&);
  void action(const std::string& key, const std::string& json);

  // Serves participants until `done`; a test fails when that takes longer than `patience`.
  void until(const char* what, const std::function<bool()>& done);
  void until_phase(const std::string& key, const std::string& phase);

  pg::result sql(const std::string& text) { return database().exec(text); }
  std::int64_t count(const std::string& text) { return sql(text).number(0, 0); }
  pg::connection& database();
  const std::string& database_url() const { return url_; }
  std::string saga_of(const std::string& key) const;
  std::vector<std::string> types_seen(const std::string& key) const;  // commands, in order

  std::vector<seen_command> commands;
  const std::string run;     // the test's own word
  const std::string prefix;  // of the topics
  std::string definition = "vending";
  std::vector<std::string> reports;  // what the service logged

 private:
  void make_topics(const std::string& json);
  void pump();
  answer usual(const seen_command&) const;

  const int shards_;
  std::unique_ptr<kafka::mock_cluster> mock_;
  kafka::connection to_;
  test::database own_;
  const std::string url_ = own_.url();
  std::optional<pg::connection> connection_;
  std::unique_ptr<service> service_;
  std::unique_ptr<log_admin> admin_;
  std::unique_ptr<log_writer> writer_;
  std::unique_ptr<log_reader> reader_;
  std::optional<signer> signer_;
  int answers_ = 0;
  std::set<std::string> made_;  // participants and topics
};

// The vending saga, or a variant of it, with participants of this run's own.
std::string json_of(const definition&);
std::string vending_json();
std::string impatient_json();  // a reservation that is not released at once waits for the operator
}  // namespace skald::test
