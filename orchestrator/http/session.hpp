// One connection: reads a request, has it answered, writes the answer, again; or a stream of
// events until the peer leaves. All on the network thread; handlers run on the workers.
#pragma once
#include <atomic>
#include <memory>

#include "orchestrator/http/connection.hpp"
#include "orchestrator/http/server.hpp"

namespace skald::http {
// What all sessions share. Outlives them.
struct shared_state {
  server_settings settings;
  const router& routes;
  http::authenticate authenticate;
  asio::io_context& network;
  asio::thread_pool& workers;
  std::size_t waiting = 0;  // network thread only
  std::atomic<std::size_t> connections{0};
  std::atomic<bool> stopping{false};
};

void run_session(shared_state&, std::unique_ptr<connection>);
}  // namespace skald::http
