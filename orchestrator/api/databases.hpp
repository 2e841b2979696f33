// The sessions that the API's handlers ask PostgreSQL with: one each, kept while they are idle.
// As many as handlers run at once; no question takes longer than the session's statement timeout.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/read_model.hpp"

namespace skald::api {
class databases {
 public:
  struct session {
    explicit session(const std::string& url);
    pg::connection on;
    read_model::reader sagas{on};
  };

  explicit databases(std::string url) : url_(std::move(url)) {}

  // `ask(session&)`'s answer. A database that is away, or too slow, is http::unavailable; other
  // errors are a pg::error. Any thread.
  template <class Ask>
  auto ask(Ask&& question) {
    auto lent = lend();
    try {
      auto answer = question(*lent);
      give_back(std::move(lent));
      return answer;
    } catch (const pg::error& e) {
      give_back(std::move(lent));
      refuse(e);
    } catch (...) {
      give_back(std::move(lent));
      throw;
    }
  }

 private:
  std::unique_ptr<session> lend();
  void give_back(std::unique_ptr<session>);
  [[noreturn]] static void refuse(const pg::error&);

  const std::string url_;
  std::mutex guard_;
  std::vector<std::unique_ptr<session>> idle_;
};
}  // namespace skald::api
