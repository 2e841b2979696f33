// A request and a response as handlers see them: plain values, no network type.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skald::http {
// What a caller may do; each includes the ones before it.
enum class role : std::uint8_t { anyone, viewer, operator_, admin };

struct principal {
  std::string name;  // of the API key, for the audit log
  http::role role = http::role::anyone;
};

// "%41b" -> "Ab". Nothing: an escape is broken, or it hides a NUL.
std::optional<std::string> percent_decoded(std::string_view, bool plus_is_space);

// Owned by the session for the length of one call; handlers run on a worker thread.
struct request {
  std::string method, path;  // the path as it was sent: every %-escape in it is a good one
  std::map<std::string, std::string, std::less<>> parameters;  // "{id}" of the route, decoded
  std::map<std::string, std::string, std::less<>> query;       // decoded; the last one counts
  std::map<std::string, std::string, std::less<>> headers;     // names in lower case
  std::string body;
  http::principal principal;

  // Empty when it is not there.
  std::string_view header(std::string_view lower_case_name) const;
  std::optional<std::string_view> asked(std::string_view query_name) const;
};

// A stream of server-sent events that the session keeps open (streams.hpp).
class subscription;

struct response {
  // Set: this is no answer yet. It is asked for one again after `again_after`, on a worker; so a
  // request can wait for long and holds no thread. The time of each turn is bounded by the server.
  std::function<response()> again;
  std::chrono::milliseconds again_after{0};

  std::string_view route;  // the pattern that matched, set by the router; empty: none did
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<subscription> stream;  // set: the body is its events, without end
};
}  // namespace skald::http
