// Hears what participants answer to words for their books (orchestrator/books.hpp), for all
// requests that wait for one. The reader of the inbox is there only while somebody waits.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "orchestrator/books.hpp"

namespace skald::api {
class books_desk {
 public:
  using open_books = std::function<std::unique_ptr<books>()>;  // throws log_error
  static constexpr std::size_t max_words = 64;                 // that are waited for at a time

  explicit books_desk(open_books open) : open_(std::move(open)) {}

  // One word (its ce_id) that is waited for while this lives. Any thread.
  class wait {
   public:
    wait(books_desk&, std::string word);
    ~wait();
    wait(const wait&) = delete;
    bool answered(signer&);  // takes 10 ms at most; throws log_error

   private:
    books_desk& desk_;
    const std::string word_;
  };
  // To be called before the word about this key is sent. Throws log_error when Kafka cannot be
  // used, http::unavailable when max_words are waited for.
  std::shared_ptr<wait> listen(const std::string& key, const std::string& word);

 private:
  const open_books open_;
  std::mutex reading_;  // before guard_; whoever has it works with books_
  std::unique_ptr<books> books_;
  std::mutex guard_;
  std::multiset<std::string> waiting_;
  std::set<std::string> answered_;
};
}  // namespace skald::api
