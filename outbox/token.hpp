// ce_sagatoken: "<key no>.<base64url of 16 bytes of HMAC-SHA256(key, ce_id)>", echoed by replies.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skald {
struct secret_key {
  int no = 0;
  std::string bytes;
};

// Signs with the newest key, accepts any. One per thread: the HMAC contexts are kept.
class signer {
 public:
  explicit signer(const std::vector<secret_key>& keys);  // at least one; the last one signs
  ~signer();
  signer(signer&&) noexcept;
  signer& operator=(signer&&) noexcept;

  void append_token(std::string& out, std::string_view id);
  bool good(std::string_view token, std::string_view id);  // constant time

 private:
  struct contexts;
  std::unique_ptr<contexts> contexts_;
};
}  // namespace skald
