#include "orchestrator/trace/post.hpp"

#include <curl/curl.h>

#include <memory>

namespace skald::trace {
namespace {
struct freed {
  void operator()(CURL* c) const { curl_easy_cleanup(c); }
  void operator()(curl_slist* l) const { curl_slist_free_all(l); }
};

std::size_t drop(char*, std::size_t size, std::size_t n, void*) {
  return size * n;  // of the answer only its status is read
}

class connection {
 public:
  connection(const std::string& url, const std::string& header, std::chrono::milliseconds within) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    curl_.reset(curl_easy_init());
    headers_.reset(curl_slist_append(nullptr, "Content-Type: application/json"));
    if (!header.empty()) curl_slist_append(headers_.get(), header.c_str());
    auto* c = curl_.get();
    curl_easy_setopt(c, CURLOPT_URL, url.c_str());
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(within.count()));
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
  }
  posted send(const std::string& body) {
    auto* c = curl_.get();
    if (!c) return {0, "libcurl cannot be used"};
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    if (const auto code = curl_easy_perform(c); code != CURLE_OK)
      return {0, curl_easy_strerror(code)};
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    return {static_cast<int>(status), {}};
  }

 private:
  std::unique_ptr<CURL, freed> curl_;
  std::unique_ptr<curl_slist, freed> headers_;
};
}  // namespace

poster curl_poster(const std::string& url, const std::string& header,
                   std::chrono::milliseconds answer_within) {
  const auto c = std::make_shared<connection>(url, header, answer_within);
  return [c](const std::string& body) { return c->send(body); };
}
}  // namespace skald::trace
