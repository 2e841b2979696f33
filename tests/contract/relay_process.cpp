// A relay in a process of its own, to be stopped and killed: relay_process URL BOOTSTRAP. Ends when
// its input ends.
#include <cstdio>

#include "outbox/kafka/relay_log.hpp"

int main(int count, char** words) {
  if (count != 3) return 64;
  skald::relay_settings settings;
  settings.postgres = words[1];
  settings.batch_rows = 50;
  settings.poll_at_most = skald::milliseconds(300);  // so that a silent leader is soon deposed
  settings.lead_retry = skald::milliseconds(50);
  skald::kafka::connection to;
  to.bootstrap = words[2];
  skald::relay relay(settings, skald::kafka::relay_log(to));
  relay.start();
  while (std::getchar() != EOF) {
  }
}
