#include "orchestrator/api/books_desk.hpp"

#include "orchestrator/http/router.hpp"

namespace skald::api {
namespace {
constexpr std::chrono::milliseconds one_look{10};
}

books_desk::wait::wait(books_desk& desk, std::string word) : desk_(desk), word_(std::move(word)) {
  desk_.waiting_.insert(word_);
}

books_desk::wait::~wait() {
  const std::lock_guard reading(desk_.reading_);
  const std::lock_guard lock(desk_.guard_);
  desk_.waiting_.erase(desk_.waiting_.find(word_));
  if (!desk_.waiting_.contains(word_)) desk_.answered_.erase(word_);
  if (desk_.waiting_.empty()) desk_.books_.reset();
}

bool books_desk::wait::answered(signer& tokens) {
  std::set<std::string> open;
  const std::unique_lock reading(desk_.reading_, std::try_to_lock);
  {
    const std::lock_guard lock(desk_.guard_);
    if (desk_.answered_.contains(word_)) return true;
    for (const auto& word : desk_.waiting_)
      if (!desk_.answered_.contains(word)) open.insert(word);
  }
  if (!reading) return false;  // another one reads for all
  const auto heard = desk_.books_->hear(open, tokens, one_look);
  const std::lock_guard lock(desk_.guard_);
  desk_.answered_.insert(heard.begin(), heard.end());
  return desk_.answered_.contains(word_);
}

std::shared_ptr<books_desk::wait> books_desk::listen(const std::string& key,
                                                     const std::string& word) {
  const std::lock_guard reading(reading_);
  if (!books_) books_ = open_();
  books_->listen(key);
  const std::lock_guard lock(guard_);
  if (waiting_.size() >= max_words)
    throw http::unavailable("Too many words for participants' books wait; try again.");
  answered_.erase(word);  // of an earlier request: this one wants an answer of its own
  return std::make_shared<wait>(*this, word);
}
}  // namespace skald::api
