// A family: one metric name, one series for each set of label values. A registry writes its
// families in the text format of Prometheus.
//
// Labels are few and bounded: definition, step, participant, outcome, topic, partition, reason;
// never the id or key of a saga. Who names a series often keeps the reference: it lives as long as
// the family.
#pragma once
#include <initializer_list>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "orchestrator/metrics/instruments.hpp"

namespace skald {
// Of one family. Further ones are all counted as one whose every label is `other_series`.
inline constexpr std::size_t max_series = 2'000;
inline constexpr std::string_view other_series = "other";

class any_family {
 public:
  any_family() = default;
  any_family(const any_family&) = delete;
  any_family& operator=(const any_family&) = delete;
  virtual ~any_family() = default;
  virtual void write(std::string& out) const = 0;  // the exposition; the head alone without series
};

class registry {
 public:
  void add(const any_family& f) { families_.push_back(&f); }  // before any text(); it must outlive
  std::string text() const;

 private:
  std::vector<const any_family*> families_;
};

struct about {
  std::string_view name, help;  // constants
  std::vector<std::string_view> labels{};
};

namespace exposition {
void write_head(std::string& out, const about&, std::string_view type);
void write(std::string& out, std::string_view name, std::string_view labels, const counter&);
void write(std::string& out, std::string_view name, std::string_view labels, const gauge&);
void write(std::string& out, std::string_view name, std::string_view labels, const histogram&);
constexpr std::string_view type_of(const counter*) {
  return "counter";
}
constexpr std::string_view type_of(const gauge*) {
  return "gauge";
}
constexpr std::string_view type_of(const histogram*) {
  return "histogram";
}

using label_values = std::span<const std::string_view>;
// step="reserve",outcome="ok"; asserts that there is one value for each label.
std::string label_text(const about&, label_values);
std::string other_text(const about&);
}  // namespace exposition

template <class T>
class family final : public any_family {
 public:
  // Of a histogram, `shape` says where its buckets end.
  family(registry& of, about what, const buckets& shape = {})
      : what_(std::move(what)), shape_(shape) {
    of.add(*this);
  }

  // The series of these label values, made when it is new. Any thread; takes a lock.
  T& at(std::initializer_list<std::string_view> values) {
    const std::lock_guard lock(mutex_);
    return find(values);
  }

  // Nobody may keep a reference to a series that is removed, or to one of a family that is
  // replaced.
  void remove(std::initializer_list<std::string_view> values) {
    const std::lock_guard lock(mutex_);
    series_.erase(exposition::label_text(what_, values));
  }
  // All series at once, for gauges that are measured as a whole: what is not listed is gone.
  struct measured {
    std::vector<std::string_view> values;
    double is = 0;
  };
  void replace(const std::vector<measured>& all) {
    const std::lock_guard lock(mutex_);
    series_.clear();
    for (const auto& m : all) find(m.values).add(m.is);
  }

  void write(std::string& out) const override {
    const std::lock_guard lock(mutex_);
    exposition::write_head(out, what_, exposition::type_of(static_cast<T*>(nullptr)));
    for (const auto& [labels, value] : series_) exposition::write(out, what_.name, labels, value);
  }

 private:
  T& find(exposition::label_values values) {
    auto labels = exposition::label_text(what_, values);
    if (const auto found = series_.find(labels); found != series_.end()) return found->second;
    if (series_.size() >= max_series) labels = exposition::other_text(what_);
    if constexpr (std::is_same_v<T, histogram>)
      return series_.try_emplace(std::move(labels), shape_).first->second;
    else
      return series_.try_emplace(std::move(labels)).first->second;
  }

  const about what_;
  const buckets shape_;
  mutable std::mutex mutex_;
  std::map<std::string, T> series_;
};

// A family of one series, without labels.
template <class T>
class single final : public any_family, public T {
 public:
  single(registry& of, about what) : what_(std::move(what)) { of.add(*this); }
  single(registry& of, about what, const buckets& shape) : T(shape), what_(std::move(what)) {
    of.add(*this);
  }

  void write(std::string& out) const override {
    exposition::write_head(out, what_, exposition::type_of(static_cast<T*>(nullptr)));
    exposition::write(out, what_.name, {}, static_cast<const T&>(*this));
  }

 private:
  const about what_;
};
}  // namespace skald
