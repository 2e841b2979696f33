// The seam to HTTP: one POST. The only thing that knows libcurl is post.cpp.
#pragma once
#include <chrono>
#include <functional>
#include <string>

namespace skald::trace {
struct posted {
  int status = 0;       // of the answer; 0: there was none
  std::string problem;  // then why, in a sentence
};
using poster = std::function<posted(const std::string& body)>;

// Posts JSON to `url`. `header`: one more line, such as "Authorization: Bearer ..."; may be empty.
// One thread at a time.
poster curl_poster(const std::string& url, const std::string& header,
                   std::chrono::milliseconds answer_within);
}  // namespace skald::trace
