#include "outbox/token.hpp"

#include <doctest/doctest.h>

using namespace skald;

// The second value was computed with Python's hmac and base64.
TEST_CASE("a token is the number of its key and half an HMAC-SHA256") {
  signer s({{7, "Jefe"}});
  std::string token;
  s.append_token(token, "what do ya want for nothing?");  // RFC 4231, test case 2
  CHECK(token == "7.W9zBRr9gdU5qBCQmCJV1xw");
  signer longer({{1, std::string(32, 'k')}});
  token.clear();
  longer.append_token(token, "id-1");
  CHECK(token == "1.PivnpOzXqQpfqi6xxAJy0w");
}

TEST_CASE("two keys live: the last signs, both are accepted") {
  signer old({{1, "old"}}), both({{1, "old"}, {2, "new"}});
  std::string by_old, by_both;
  old.append_token(by_old, "id");
  both.append_token(by_both, "id");
  CHECK(by_both.starts_with("2."));
  CHECK(both.good(by_old, "id"));
  CHECK(both.good(by_both, "id"));
  CHECK_FALSE(old.good(by_both, "id"));
  CHECK_FALSE(both.good(by_old, "other id"));
}

TEST_CASE("nothing else is accepted") {
  signer s({{1, "key"}});
  std::string token;
  s.append_token(token, "id");
  CHECK_FALSE(s.good("", "id"));
  CHECK_FALSE(s.good("1.", "id"));
  CHECK_FALSE(s.good(token.substr(0, token.size() - 1), "id"));
  CHECK_FALSE(s.good(token + "A", "id"));
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto wrong = token;
    wrong[i] = wrong[i] == 'x' ? 'y' : 'x';
    CHECK_FALSE(s.good(wrong, "id"));
  }
  CHECK(s.good(token, "id"));  // the contexts survived all that
  CHECK_THROWS_AS(signer({}), std::invalid_argument);
  CHECK_THROWS_AS(signer({{1, ""}}), std::invalid_argument);
}
