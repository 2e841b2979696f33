// Reads JSON text value by value, strictly (RFC 8259, UTF-8), without building a tree.
//
// Each function consumes one thing and returns whether it was there; after the first `false` the
// mistake is set and the reader must not be asked again. Any bytes may be given: depth and size are
// bounded, and the text is never read past its end.
#pragma once
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace skald {
inline constexpr std::size_t max_record_bytes = 1024 * 1024;
inline constexpr int max_record_depth = 32;

struct json_mistake {
  std::string at;  // JSON Pointer to the place; empty: the whole text
  std::string sentence;
  std::string text() const { return at.empty() ? sentence : at + ": " + sentence; }
};

class json_reader {
 public:
  // `text` must outlive the reader.
  explicit json_reader(std::string_view text)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  json_mistake mistake;

  bool fail(std::string_view sentence) {
    mistake.sentence = sentence;
    return false;
  }
  bool not_json() { return fail("this is not JSON, at byte " + std::to_string(at_ - begin_)); }

  bool null() {  // true and consumed, or false and nothing happened
    space();
    if (std::string_view(at_, left()).substr(0, 4) != "null") return false;
    at_ += 4;
    return true;
  }
  bool read(bool& out) {
    space();
    const std::string_view rest(at_, left());
    out = rest.substr(0, 4) == "true";
    if (!out && rest.substr(0, 5) != "false") return fail("true or false was expected here");
    at_ += out ? 4 : 5;
    return true;
  }
  bool read(std::int64_t& out) { return integer(out); }
  bool read(std::uint64_t& out) { return integer(out); }
  bool read(double& out) {
    std::string_view digits;
    bool whole = false;
    if (!number(digits, whole)) return fail("a number was expected here");
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return (error == std::errc() && end == digits.data() + digits.size()) ||
           fail("this number does not fit into a double");
  }
  bool read(std::string& out) {
    space();
    if (at_ == end_ || *at_ != '"') return fail("a text was expected here");
    ++at_;
    out.clear();
    for (;;) {
      const char* plain = at_;
      while (at_ != end_ && is_plain(*at_)) ++at_;
      out.append(plain, at_);
      if (at_ == end_) return not_json();
      if (*at_ == '"') return ++at_, true;
      if (*at_ == '\\' ? !escape(out) : !wide(out)) return not_json();
    }
  }

  // if (r.object()) while (r.member(name)) { read the value }; ok = !r.failed();
  bool object() { return open('{', "an object was expected here"); }
  bool member(std::string& name) {
    if (!next('}')) return false;
    if (!read(name)) return not_json();
    space();
    if (at_ == end_ || *at_ != ':') return not_json();
    return ++at_, true;
  }
  bool array() { return open('[', "a list was expected here"); }
  bool item() { return next(']'); }
  bool failed() const { return !mistake.sentence.empty(); }

  bool skip() {  // a value of any kind
    space();
    if (at_ == end_) return not_json();
    std::string words;
    if (*at_ == '"') return read(words);
    if (*at_ == '{') {
      if (!object()) return false;
      while (member(words))
        if (!skip()) return false;
      return !failed();
    }
    if (*at_ == '[') {
      if (!array()) return false;
      while (item())
        if (!skip()) return false;
      return !failed();
    }
    bool truth;
    if (*at_ == 't' || *at_ == 'f') return read(truth) || not_json();
    if (*at_ == 'n') return null() || not_json();
    std::string_view digits;
    return number(digits, truth) || not_json();
  }
  bool end() {  // nothing may follow
    space();
    return at_ == end_ || not_json();
  }

 private:
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  void space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_plain(char c) {
    return c != '"' && c != '\\' && static_cast<unsigned char>(c) - 0x20u < 0x60u;
  }

  bool open(char bracket, const char* expected) {
    space();
    if (at_ == end_ || *at_ != bracket) return fail(expected);
    if (++depth_ > max_record_depth)
      return fail("nested deeper than " + std::to_string(max_record_depth));
    ++at_;
    first_ = true;
    return true;
  }
  bool next(char bracket) {  // another part, or the end of the container
    space();
    const bool first = first_;
    first_ = false;
    if (at_ == end_) return not_json();
    if (*at_ == bracket) {
      ++at_;
      --depth_;
      return false;
    }
    if (first) return true;
    if (*at_ != ',') return not_json();
    ++at_;
    space();
    return true;
  }

  bool number(std::string_view& digits, bool& whole) {
    space();
    const char* start = at_;
    const auto run = [&] {
      const char* from = at_;
      while (at_ != end_ && is_digit(*at_)) ++at_;
      return at_ != from;
    };
    if (at_ != end_ && *at_ == '-') ++at_;
    const bool zero = at_ != end_ && *at_ == '0';
    if (zero ? (++at_, false) : !run()) return false;
    whole = true;
    if (at_ != end_ && *at_ == '.') {
      whole = false;
      ++at_;
      if (!run()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      whole = false;
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!run()) return false;
    }
    digits = {start, static_cast<std::size_t>(at_ - start)};
    return true;
  }
  template <class I>
  bool integer(I& out) {
    std::string_view digits;
    bool whole = false;
    if (!number(digits, whole) || !whole) return fail("an integer was expected here");
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (error == std::errc() && end == digits.data() + digits.size()) return true;
    return fail("this integer does not fit into 64 bits");
  }

  bool hex4(unsigned& out) {
    if (left() < 4) return false;
    const auto [end, error] = std::from_chars(at_, at_ + 4, out, 16);
    if (error != std::errc() || end != at_ + 4 || *at_ == '-') return false;
    at_ += 4;
    return true;
  }
  bool escape(std::string& out) {
    ++at_;
    if (at_ == end_) return false;
    const char c = *at_++;
    if (c != 'u') {
      constexpr std::string_view written = "\"\\/bfnrt";
      const auto known = written.find(c);
      if (known == written.npos) return false;
      out += "\"\\/\b\f\n\r\t"[known];
      return true;
    }
    unsigned code = 0;
    if (!hex4(code)) return false;
    if (code >= 0xdc00 && code < 0xe000) return false;
    if (code >= 0xd800 && code < 0xdc00) {  // the first half of a pair
      unsigned low = 0;
      if (std::string_view(at_, left()).substr(0, 2) != "\\u") return false;
      at_ += 2;
      if (!hex4(low) || low < 0xdc00 || low >= 0xe000) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append(out, code);
    return true;
  }
  static void append(std::string& out, unsigned code) {
    const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
      put(0xc0 | code >> 6);
    } else {
      if (code < 0x10000) {
        put(0xe0 | code >> 12);
      } else {
        put(0xf0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3f));
      }
      put(0x80 | (code >> 6 & 0x3f));
    }
    put(0x80 | (code & 0x3f));
  }
  bool wide(std::string& out) {  // one well-formed UTF-8 sequence of two to four bytes
    const std::size_t size = wide_size({at_, left()});
    out.append(at_, size);
    at_ += size;
    return size != 0;
  }

 public:
  static std::size_t wide_size(std::string_view s) {  // 0: ill-formed
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned lead = byte(0);
    const std::size_t size = lead < 0xc2   ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
    if (size == 0 || s.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i)
      if (byte(i) >> 6 != 2) return 0;
    const unsigned next = byte(1);
    if ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f) ||
        (lead == 0xf0 && next < 0x90) || (lead == 0xf4 && next > 0x8f))
      return 0;
    return size;
  }

 private:
  const char *begin_, *at_, *end_;
  int depth_ = 0;
  bool first_ = false;
};
}  // namespace skald
