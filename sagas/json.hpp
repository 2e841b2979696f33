// Definitions from JSON, for a service that was never linked with them.
// The format is docs/definition.schema.json.
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "skald/json.hpp"
#include "skald/model.hpp"

namespace skald {
inline constexpr std::size_t max_definition_bytes = 256 * 1024;
inline constexpr int max_definition_depth = 32;
inline constexpr std::size_t max_complaints = 20;

// A definition that owns its texts. Copies share them; immutable, so any thread may read.
class stored_definition {
 public:
  const definition& value() const { return content_->value; }
  const definition& operator*() const { return content_->value; }
  const definition* operator->() const { return &content_->value; }
  const std::string& json() const { return content_->json; }  // canonical, not as it was given
  const std::string& hash() const { return content_->hash; }  // SHA-256 of json(), 64 hex digits

 private:
  struct content {
    std::deque<std::string> texts;  // what the views in `value` point into
    definition value;
    std::string json, hash;
  };
  friend class definition_reader;
  friend struct loading read_definition(std::string_view);
  explicit stored_definition(std::shared_ptr<const content> c) : content_(std::move(c)) {}
  std::shared_ptr<const content> content_;
};

struct complaint {
  std::string at;  // JSON Pointer to the place in the text; empty: the whole text
  std::string sentence;
};

struct loading {
  std::optional<stored_definition> definition;  // set exactly when there is no complaint
  std::vector<complaint> complaints;
};

// Any bytes may be given; takes time and memory in proportion to them, up to the bounds above.
loading read_definition(std::string_view json);

struct bad_definition : std::runtime_error {
  explicit bad_definition(const std::vector<complaint>&);
};
// For a text that was judged before it was stored. Throws bad_definition with all the complaints.
stored_definition load_definition(std::string_view json);

std::string hash_of(const definition&);  // SHA-256 of to_json(), 64 hex digits
}  // namespace skald
