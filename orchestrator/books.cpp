#include "orchestrator/books.hpp"

#include <algorithm>

#include "outbox/ids.hpp"

namespace skald {
namespace {
constexpr std::size_t most_answers = 1'000, answer_bytes = 4 * 1024 * 1024;  // of one look
constexpr milliseconds longest_wait{100};
}  // namespace

books::books(const kafka::connection& to, std::string inbox, std::int32_t shards)
    : inbox_(std::move(inbox)),
      shards_(shards),
      admin_(kafka::open_admin(to)),
      reader_(kafka::open_reader(to, {.group = "skald-books"})) {}
books::~books() = default;

void books::listen(const std::string& key) {
  const auto no = murmur2_partition(key, shards_);
  if (!partitions_.insert(no).second) return;
  const position from{{inbox_, no}, admin_->watermarks({inbox_, no}).high};
  reader_->assign({&from, 1});
}

void books::read(const std::set<std::string>& words, signer& tokens,
                 std::set<std::string>& answered, std::chrono::milliseconds at_most) {
  std::vector<wire::record> records;
  reader_->poll(records, most_answers, answer_bytes);
  for (const auto& r : records) {
    const auto parsed = wire::parse(r.headers);
    const auto& e = parsed.envelope;
    if (!parsed.problem.empty() || e.kind != wire::kind::reply) continue;
    const std::string word(e.causation_id);
    if (words.contains(word) && tokens.good(e.token, word)) answered.insert(word);
  }
  if (records.empty()) reader_->wait(std::min(longest_wait, at_most));
}

std::set<std::string> books::hear(const std::set<std::string>& words, signer& tokens,
                                  std::chrono::milliseconds within) {
  const auto end = std::chrono::steady_clock::now() + within;
  std::set<std::string> answered;
  while (answered.size() < words.size() && std::chrono::steady_clock::now() < end)
    read(words, tokens, answered, within);
  return answered;
}
}  // namespace skald
