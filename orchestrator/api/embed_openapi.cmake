# Turns a file into one header with its text. No compiler of ours minds how long a literal is.
# Called at build: cmake -DIN=file -DOUT=header -P embed_openapi.cmake
file(READ "${IN}" json)
file(WRITE "${OUT}" "// Made from docs/openapi.json by embed_openapi.cmake.
#pragma once
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \"-Woverlength-strings\"
namespace skald::api {
inline constexpr char openapi_json[] = R\"json(${json})json\";
}  // namespace skald::api
#pragma GCC diagnostic pop
")
