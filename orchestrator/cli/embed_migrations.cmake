# Turns the folders of migrations/ into one header: skald::cli::embedded_migrations.
# Called at build: cmake -DOUT=header -DDIR=migrations -P embed_migrations.cmake
set(text "// Made from migrations/ by embed_migrations.cmake.
#pragma once
namespace skald::cli {
struct embedded_migration {
  const char *component;
  int no;
  const char *name, *up, *down;
};
inline constexpr embedded_migration embedded_migrations[] = {\n")
file(GLOB components RELATIVE "${DIR}" "${DIR}/*")
list(SORT components)
foreach(component ${components})
  file(GLOB ups RELATIVE "${DIR}/${component}" "${DIR}/${component}/*.up.sql")
  list(SORT ups)
  set(expected 1)
  foreach(up ${ups})
    if(NOT up MATCHES "^0*([1-9][0-9]*)_([a-z0-9_]+)\\.up\\.sql$"
        OR NOT CMAKE_MATCH_1 EQUAL expected)
      message(FATAL_ERROR "${component}/${up}: expected number ${expected}, as NNN_name.up.sql")
    endif()
    set(name "${CMAKE_MATCH_2}")
    string(REPLACE ".up.sql" ".down.sql" down "${up}")
    file(READ "${DIR}/${component}/${up}" up_text)
    file(READ "${DIR}/${component}/${down}" down_text)
    string(APPEND text "    {\"${component}\", ${expected}, \"${name}\",\n"
      "     R\"migration(${up_text})migration\",\n     R\"migration(${down_text})migration\"},\n")
    math(EXPR expected "${expected} + 1")
  endforeach()
endforeach()
string(APPEND text "};\n}  // namespace skald::cli\n")
file(WRITE "${OUT}" "${text}")
