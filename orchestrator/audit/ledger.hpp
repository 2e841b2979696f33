// Which records were decided, and which were seen in Kafka: 64-bit fingerprints, 8 bytes and one
// bit each. Two records share one with a chance of n*n/2^65: one in a million for six million.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "outbox/ids.hpp"

namespace skald::audit {
// A part of all sagas, so that the fingerprints of its records fit into memory.
struct slice {
  std::size_t no = 0, count = 1;
  bool has(const uuid& saga) const {
    return (std::size_t{saga.bytes[14]} << 8 | saga.bytes[15]) % count == no;
  }
};

class ledger {
 public:
  void expect(std::uint64_t fingerprint) { expected_.push_back(fingerprint); }

  // All are expected now. Before the first see().
  void close() {
    std::sort(expected_.begin(), expected_.end());
    expected_.erase(std::unique(expected_.begin(), expected_.end()), expected_.end());
    seen_.assign(expected_.size(), false);
    missing_ = expected_.size();
  }
  // False: nobody decided it.
  bool see(std::uint64_t fingerprint) {
    const auto at = find(fingerprint);
    if (at == expected_.size()) return false;
    missing_ -= !seen_[at];
    seen_[at] = true;
    return true;
  }
  bool is_missing(std::uint64_t fingerprint) const {
    const auto at = find(fingerprint);
    return at < expected_.size() && !seen_[at];
  }
  std::size_t size() const { return expected_.size(); }
  std::size_t missing() const { return missing_; }

 private:
  std::size_t find(std::uint64_t fingerprint) const {
    const auto at = std::lower_bound(expected_.begin(), expected_.end(), fingerprint);
    const bool found = at != expected_.end() && *at == fingerprint;
    return found ? static_cast<std::size_t>(at - expected_.begin()) : expected_.size();
  }
  std::vector<std::uint64_t> expected_;
  std::vector<bool> seen_;
  std::size_t missing_ = 0;
};
}  // namespace skald::audit
