// A participant's program under the conformance kit: own database, own topics, restarted on demand.
#pragma once
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

#include "orchestrator/dev/child.hpp"
#include "outbox/conformance/kit.hpp"
#include "tests/support/postgres.hpp"

namespace skald::test {
inline std::string kafka_address() {
  const char* address = std::getenv("SKALD_TEST_KAFKA");
  if (!address) FAIL("SKALD_TEST_KAFKA is not set: run ./dev test, which starts a Kafka");
  return address;
}

inline conformance::script read_script_file(const std::string& path) {
  std::ifstream in(path);
  return conformance::read_script(std::string{std::istreambuf_iterator<char>(in), {}});
}

class participant_program {
 public:
  // `words`: how it is started; it takes --kafka, --postgres and --topic-prefix. `creator`: the
  // program that creates its tables with --create-tables, when it does not do that itself.
  participant_program(std::vector<std::string> words, std::string name,
                      const std::string& creator = "")
      : name_(std::move(name)),
        prefix_("contract." + database_.name() + "."),
        log_("/tmp/" + database_.name() + "." + name_ + ".log") {
    command_.words = std::move(words);
    for (const auto& word : {std::string("--kafka"), kafka_address(), std::string("--postgres"),
                             database_.url(), std::string("--topic-prefix"), prefix_})
      command_.words.push_back(word);
    command_.log = log_;
    make_topics();
    if (!creator.empty()) create_tables(creator);
    start();
  }
  ~participant_program() {
    process_.reset();
    ::unlink(log_.c_str());
  }

  void start() { process_ = std::make_unique<dev::child>(command_); }
  dev::exit_status stop() { return process_->stop(SIGTERM, std::chrono::seconds(20)); }
  void restart() {
    CHECK(stop() == 0);
    start();
  }

  std::vector<conformance::finding> run_kit(const conformance::script& script) {
    conformance::kit_settings k;
    k.desk.kafka.bootstrap = kafka_address();
    k.desk.reply_topic = prefix_ + "replies";
    k.desk.answer_within = std::chrono::seconds(60);  // a group's first assignment is slow
    k.topic_prefix = prefix_;
    k.run = "run";
    k.restart = [this] { restart(); };
    return test_participant(script, k);
  }

  pg::connection open_books() { return pg::connection(database_.url()); }
  std::string log() const {
    std::ifstream in(log_);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  void create_tables(const std::string& creator) {
    auto c = command_;
    c.words[0] = creator;
    c.words.erase(c.words.begin() + 1, std::find(c.words.begin(), c.words.end(), "--kafka"));
    c.words.push_back("--create-tables");
    INFO(log());
    REQUIRE(dev::run(c, std::chrono::seconds(60)) == 0);
  }
  void make_topics() {
    const auto admin = kafka::open_admin({.bootstrap = kafka_address()});
    constexpr std::int64_t retention_ms = 3600 * 1000;
    admin->ensure_topic(prefix_ + name_ + ".commands", 2, retention_ms);
  }

  database database_{"skald_participant"};
  std::string name_, prefix_, log_;
  dev::child_command command_;
  std::unique_ptr<dev::child> process_;
};

inline void check_all_kept(const std::vector<conformance::finding>& all, const std::string& log) {
  CHECK(all.size() > 10);
  for (const auto& f : all) {
    std::ostringstream text;
    print(text, f);
    INFO(text.str(), "\nthe participant's log:\n", log);
    CHECK(f.kept);
  }
}
}  // namespace skald::test
