#include "outbox/kafka/relay_log.hpp"

namespace skald::kafka {
relay::open_log relay_log(connection to, writer_settings settings) {
  return [to = std::move(to), settings](bool careful, log_writer::on_delivery served) {
    auto chosen = settings;
    if (careful) chosen.max_batch_records = 1;
    return open_writer(to, chosen, std::move(served));
  };
}
}  // namespace skald::kafka
