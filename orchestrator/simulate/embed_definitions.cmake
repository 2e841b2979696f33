# Turns definitions into one header: skald::sim::embedded_definitions.
# Called at build: cmake -DOUT=header -DFILES=a.json,b.json -P embed_definitions.cmake
set(text "// Made by embed_definitions.cmake.
#pragma once
namespace skald::sim {
inline constexpr const char* embedded_definitions[] = {\n")
string(REPLACE "," ";" files "${FILES}")
foreach(file ${files})
  file(READ "${file}" definition)
  string(APPEND text "    R\"definition(${definition})definition\",\n")
endforeach()
string(APPEND text "};\n}  // namespace skald::sim\n")
file(WRITE "${OUT}" "${text}")
