#include "skald/participant.hpp"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "outbox/participant_loop.hpp"

namespace skald {
namespace {
constexpr std::chrono::milliseconds first_pause{200}, longest_pause{5'000};

void refuse_bad(const participant_settings& s) {
  auto refuse = [&](const std::string& why) {
    throw std::invalid_argument("participant '" + s.name + "': " + why);
  };
  if (s.name.empty()) refuse("it needs a name: its commands come from topic <name>.commands");
  if (s.kafka.empty()) refuse("it needs Kafka's address, host:port");
  if (s.postgres.empty()) refuse("it needs the URL of its own PostgreSQL database");
  if (s.batch_records == 0 || s.batch_bytes == 0 || s.max_unacked_replies == 0)
    refuse("batch_records, batch_bytes and max_unacked_replies must be at least 1");
  if (s.fence_retention < s.horizon)
    refuse("fence_retention is " + std::to_string(s.fence_retention.count()) +
           " h, shorter than the horizon of " + std::to_string(s.horizon.count()) +
           " h: a command could take effect a second time");
}
}  // namespace

struct participant::parts {
  explicit parts(participant_settings s)
      : settings(std::move(s)),
        breakage(settings.faults),
        books(settings.postgres, settings.schema) {}

  // Connects again and again, with growing pauses, until it is stopped.
  void run() {
    auto pause = first_pause;
    while (!stopping) {
      const auto before = tally.commands.load();
      try {
        participant_loop(settings, handlers, books, breakage, tally, stopping).run();
      } catch (const std::exception& e) {
        if (tally.commands != before) pause = first_pause;
        ++tally.reconnects;
        spdlog::warn("{}: {}; again in {} ms", settings.name, e.what(), pause.count());
        std::unique_lock lock(mutex);
        woken.wait_for(lock, pause, [&] { return stopping.load(); });
        pause = std::min(pause * 2, longest_pause);
      }
    }
  }

  participant_settings settings;
  participant_handlers handlers;
  participant_tally tally;
  faults breakage;
  pg::books books;
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::condition_variable woken;
  std::thread thread;
};

participant::participant(participant_settings s) {
  refuse_bad(s);
  if (s.group.empty()) s.group = "skald." + s.name;
  parts_ = std::make_unique<parts>(std::move(s));
}

participant::~participant() {
  stop();
}

void participant::add_command(std::string_view type, detail::command_handler h) {
  if (!parts_->handlers.commands.emplace(type, std::move(h)).second)
    throw std::invalid_argument("two handlers for " + std::string(type));
}

void participant::add_undo(std::string_view type, detail::undo_handler h) {
  if (!parts_->handlers.undos.emplace(type, std::move(h)).second)
    throw std::invalid_argument("two handlers for the undo " + std::string(type));
}

void participant::start() {
  if (parts_->thread.joinable()) return;
  parts_->stopping = false;
  parts_->thread = std::thread([p = parts_.get()] { p->run(); });
}

void participant::stop() {
  if (!parts_->thread.joinable()) return;
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stopping = true;
  }
  parts_->woken.notify_all();
  parts_->thread.join();
}

participant_counts participant::counts() const {
  const auto& t = parts_->tally;
  return {.commands = t.commands,
          .effects = t.effects,
          .declined = t.declined,
          .undone = t.undone,
          .refused = t.refused,
          .retried = t.retried,
          .duplicates = t.duplicates,
          .set_aside = t.set_aside,
          .reconnects = t.reconnects};
}
}  // namespace skald
