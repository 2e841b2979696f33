// SIGTERM right after `skald serve` had started aborted the process, in librdkafka 2.0.2: it cannot
// destroy a cooperative member whose join was answered and whose first assignment has not come.
#include "tests/contract/log_world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
// Joins, is a member for so long, leaves. What was gained is lost again, whenever that is.
void visit(const broker& b, const kafka::reader_settings& settings, milliseconds stay) {
  std::set<int> owns;
  {
    const auto reader = kafka::open_reader(b.to, settings);
    reader->join(settings.group, {[&](auto gained) {
                                    for (auto& p : gained) owns.insert(p.no);
                                  },
                                  [&](auto lost) {
                                    for (auto& p : lost) owns.erase(p.no);
                                  }});
    std::vector<wire::record> none;
    for (const auto end = steady::now() + stay; steady::now() < end; reader->wait(1ms))
      reader->poll(none, 1, 1);
    reader->leave();
  }
  CHECK(owns.empty());
}
}  // namespace

TEST_CASE("a member may leave at any moment of its joining") {
  SUBCASE("the embedded broker, which answers joins every 3 s and assigns later") {
    auto b = broker::embedded();
    const kafka::reader_settings settings{.group = b.make_topic(4), .member = "one"};
    for (int i = 0; i < 11; ++i) visit(b, settings, 300ms);
  }
  SUBCASE("a real Kafka, which assigns at once") {
    auto b = broker::real();
    const kafka::reader_settings settings{.group = b.make_topic(4), .member = "one"};
    for (int i = 0; i < 20; ++i) visit(b, settings, milliseconds(5 * i));
  }
}
