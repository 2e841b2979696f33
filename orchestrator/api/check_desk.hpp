// The model checker for the API: one definition at a time, on a thread of its own, within bounds
// that keep the service's memory and time.
#pragma once
#include <future>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "orchestrator/definitions.hpp"
#include "sagas/json.hpp"

namespace skald::api {
class check_desk {
 public:
  static constexpr std::size_t max_states = 300'000;  // of one scenario

  struct result {
    definitions::verdict verdict;
    nlohmann::ordered_json report;  // {"verdict", "words", "states", "rule", "trace": [...], ...}
  };
  class pending {
   public:
    // Nothing: it is still being checked.
    std::optional<result> take() const;

   private:
    friend class check_desk;
    std::shared_future<result> result_;
  };

  // Throws http::unavailable when another definition is being checked.
  pending begin(stored_definition);

 private:
  std::mutex guard_;
  std::shared_future<result> last_;
};
}  // namespace skald::api
