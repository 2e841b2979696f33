#include "outbox/token.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace skald {
namespace {
constexpr std::size_t mac_bytes = 16;
constexpr std::size_t mac_text_bytes = 22;  // base64url without padding

struct freed {
  void operator()(EVP_MAC* m) const { EVP_MAC_free(m); }
  void operator()(EVP_MAC_CTX* c) const { EVP_MAC_CTX_free(c); }
};

void append_base64url(std::string& out, const unsigned char* bytes, std::size_t n) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::uint32_t bits = 0;
  int held = 0;
  for (std::size_t i = 0; i < n; ++i) {
    bits = bits << 8 | bytes[i];
    for (held += 8; held >= 6; held -= 6) out.push_back(digits[bits >> (held - 6) & 63]);
  }
  if (held) out.push_back(digits[bits << (6 - held) & 63]);
}
}  // namespace

struct signer::contexts {
  struct keyed {
    int no;
    std::string prefix;  // "<no>."
    std::unique_ptr<EVP_MAC_CTX, freed> context;
  };
  std::unique_ptr<EVP_MAC, freed> hmac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  std::vector<keyed> keys;
  std::string expected;  // scratch of good()

  void append(std::string& out, keyed& k, std::string_view id) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
    std::size_t size = 0;
    // A null key keeps the one that the context was made with.
    if (!EVP_MAC_init(k.context.get(), nullptr, 0, nullptr) ||
        !EVP_MAC_update(k.context.get(), reinterpret_cast<const unsigned char*>(id.data()),
                        id.size()) ||
        !EVP_MAC_final(k.context.get(), mac.data(), &size, mac.size()))
      throw std::runtime_error("OpenSSL cannot compute the HMAC-SHA256 of a token");
    out.append(k.prefix);
    append_base64url(out, mac.data(), mac_bytes);
  }
};

signer::signer(const std::vector<secret_key>& keys) : contexts_(std::make_unique<contexts>()) {
  if (keys.empty()) throw std::invalid_argument("a signer needs at least one secret key");
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                             OSSL_PARAM_construct_end()};
  for (auto& key : keys) {
    if (key.bytes.empty()) throw std::invalid_argument("a secret key must not be empty");
    std::unique_ptr<EVP_MAC_CTX, freed> context(EVP_MAC_CTX_new(contexts_->hmac.get()));
    if (!context ||
        !EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(key.bytes.data()),
                      key.bytes.size(), parameters))
      throw std::runtime_error("OpenSSL has no HMAC-SHA256, which tokens are made of");
    contexts_->keys.push_back({key.no, std::to_string(key.no) + '.', std::move(context)});
  }
}
signer::~signer() = default;
signer::signer(signer&&) noexcept = default;
signer& signer::operator=(signer&&) noexcept = default;

void signer::append_token(std::string& out, std::string_view id) {
  contexts_->append(out, contexts_->keys.back(), id);
}

bool signer::good(std::string_view token, std::string_view id) {
  for (auto& key : contexts_->keys) {
    if (token.size() != key.prefix.size() + mac_text_bytes || !token.starts_with(key.prefix))
      continue;
    auto& expected = contexts_->expected;
    expected.clear();
    contexts_->append(expected, key, id);
    return CRYPTO_memcmp(expected.data(), token.data(), token.size()) == 0;
  }
  return false;
}
}  // namespace skald
