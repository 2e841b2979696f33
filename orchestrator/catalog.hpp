// The definitions and topics that a worker knows, compiled. Read anew each second, and at once when
// a name is unknown. One thread.
#pragma once
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/compiled.hpp"
#include "orchestrator/store.hpp"

namespace skald {
class catalog {
 public:
  // What an event of some type on a foreign topic means to one definition.
  struct binding {
    const compiled* definition = nullptr;
    int step = -1;  // -1: it starts the saga
  };

  explicit catalog(std::string prefix) : prefix_(std::move(prefix)) {}

  // Reads names and states; compiles what is new. Throws store_error.
  void refresh(store&);
  void refresh_topics(store&);

  const compiled* by_no(std::int32_t no) const;
  const compiled* active(std::string_view name) const;
  // For a saga that is not known yet: the active version, else the newest that is stored.
  const compiled* newest(std::string_view name) const;
  std::span<const binding> bindings(std::string_view topic, std::string_view type) const;
  bool binds(std::string_view topic) const;        // some type of it
  bool only_starts(std::string_view topic) const;  // what it binds starts sagas

  const std::vector<topic_row>& topics() const { return topics_; }
  const topic_row* topic(std::string_view name) const;

 private:
  struct entry {
    std::unique_ptr<compiled> definition;
    std::string state;
  };
  struct names {
    const compiled *active = nullptr, *newest = nullptr;
  };
  void index();
  void bind(std::string_view topic, std::string_view type, binding);

  const std::string prefix_;
  std::map<std::int32_t, entry> entries_;
  std::map<std::string, names, std::less<>> names_;
  std::map<std::pair<std::string, std::string>, std::vector<binding>, std::less<>> bindings_;
  std::vector<topic_row> topics_;
};
}  // namespace skald
