// A stored definition made ready for the hot path: places numbered, bodies and constant headers of
// every command precomputed. Immutable; owned by the catalog; one per worker.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/template.hpp"
#include "outbox/ids.hpp"
#include "outbox/wire.hpp"

namespace skald {
class compiled {
 public:
  // One command as it leaves: what never changes about it.
  struct message {
    wire::kind kind = wire::kind::do_;
    std::string topic;
    body_template body;
    std::vector<std::pair<std::string_view, std::string>> headers;
    bool empty() const { return topic.empty(); }
  };
  struct step_messages {
    message forward, undo, fence;
  };
  // What is cut from an event of one type when a saga accepts it.
  struct cut {
    std::uint16_t place;
    std::string_view field;
    bool required;  // something reads it that cannot do without
  };
  struct event_shape {
    std::string_view type;
    std::vector<cut> cuts;
  };

  // `keep` owns what `spec` points into. `prefix`: of the topics, and the cluster's name in
  // ce_source.
  compiled(int no, std::shared_ptr<const void> keep, const definition& spec,
           std::string_view prefix);
  compiled(const compiled&) = delete;
  compiled& operator=(const compiled&) = delete;

  int no() const { return no_; }
  const definition& spec() const { return spec_; }
  const uuid& ns() const { return namespace_; }
  std::string_view source() const { return source_; }

  std::optional<std::uint8_t> step_named(std::string_view name) const;
  const event_shape* shape(std::string_view type) const;  // null: nobody reads that type's data
  const step_messages& messages(std::uint8_t step) const { return messages_[step]; }
  const std::vector<place>& places() const { return places_; }
  std::uint16_t place_no(const place&) const;  // asserts that it is one
  // Steps whose event of success holds this place: its value is that of the accepted occurrence.
  const std::vector<std::uint8_t>& owners(std::uint16_t place) const { return owners_[place]; }

 private:
  void collect_places();
  void add_place(const place&, bool required);
  void collect(const command&, bool required);
  message make(const command&, const step&, wire::kind) const;

  const int no_;
  const std::shared_ptr<const void> keep_;
  const definition& spec_;
  const uuid namespace_;
  const std::string source_, reply_to_, version_;
  std::vector<place> places_;
  std::vector<std::vector<std::uint8_t>> owners_;
  std::vector<event_shape> shapes_;
  std::vector<step_messages> messages_;
};
}  // namespace skald
