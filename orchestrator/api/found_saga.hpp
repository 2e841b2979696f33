// The saga that a path names, by its id or its business key.
#pragma once
#include <optional>
#include <string>

#include "orchestrator/api/backend.hpp"

namespace skald::api {
// Refused: 404, or 409 when several definitions have that key and `definition` names none.
read_model::saga found_saga(backend&, const http::request&,
                            const std::optional<std::string>& definition);

// The whole history decided again up to event `at` (0: all), as JSON. Nothing: no such saga.
std::optional<nlohmann::ordered_json> replay_of(pg::connection&, std::int64_t saga_no,
                                                std::int32_t at, const std::string& prefix);
}  // namespace skald::api
