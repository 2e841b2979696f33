// A row was set aside in the very round in which the writer broke, as Kafka does when it refuses a
// record and purges those behind it: the row was in outbox_rejected and nobody was told.
#include <utility>

#include "tests/contract/relay_world.hpp"

using namespace skald;

namespace {
// Refuses the first record of all at one poll and breaks at the next; the later ones take all.
class writer final : public log_writer {
 public:
  writer(bool refuses, on_delivery served) : refuses_(refuses), served_(std::move(served)) {}

  sent send(std::string_view, std::string_view, std::span<const wire::header>, std::string_view,
            std::uint64_t tag, std::int32_t) override {
    queued_.push_back(tag);
    return sent::queued;
  }
  std::size_t poll() override {
    if (!refuses_) {
      for (auto tag : std::exchange(queued_, {})) served_({tag, "", false});
    } else if (queued_.size() == 2) {
      served_({queued_.front(), "too large", true});
      queued_.erase(queued_.begin());
    } else if (queued_.size() == 1) {
      served_({queued_.front(), "purged", false});
      queued_.clear();
    }
    return 0;
  }
  bool flush(milliseconds) override { return true; }
  std::size_t queued() const override { return queued_.size(); }

 private:
  bool refuses_;
  on_delivery served_;
  std::vector<std::uint64_t> queued_;
};
}  // namespace

TEST_CASE("a row that is set aside while the writer breaks is told of") {
  test::relay_world w;
  test::told told;
  w.app.exec(
      "insert into outbox(topic, key, payload) select 't', 'k', 'x' from generate_series(1, 2)");
  bool first = true;
  relay r(
      w.settings(),
      [&](bool, log_writer::on_delivery served) {
        return std::make_unique<writer>(std::exchange(first, false), std::move(served));
      },
      told.events());
  r.start();
  CHECK(told.wait([](auto& now) { return now.rejected_.size() == 1; }));
  CHECK(told.wait_asleep());
  r.stop();
  CHECK(r.count().rejected == 1);
  CHECK(r.count().restarts == 1);
  CHECK(w.count() == 0);
}
