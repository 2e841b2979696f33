# How every target of skald is compiled.
add_library(skald_rules INTERFACE)
target_compile_features(skald_rules INTERFACE cxx_std_20)
target_include_directories(skald_rules INTERFACE
  ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_compile_options(skald_rules INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(skald_rules INTERFACE -Wno-restrict)  # false in g++ 12's own std::string
endif()
if(CMAKE_UNITY_BUILD)  # files of a library seen as one: what only the preset dev can judge
  target_compile_options(skald_rules INTERFACE -Wno-shadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(skald_rules INTERFACE -Wno-subobject-linkage)
  endif()
endif()
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(skald_rules INTERFACE -Werror)
endif()
if(SKALD_SANITIZE)
  target_compile_options(skald_rules INTERFACE
    -fsanitize=${SKALD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(skald_rules INTERFACE -fsanitize=${SKALD_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)  # false with sanitizers, says GCC's manual
    target_compile_options(skald_rules INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# skald_library(NAME SOURCES... ): a static library skald::NAME.
function(skald_library name)
  add_library(skald_${name} STATIC ${ARGN})
  add_library(skald::${name} ALIAS skald_${name})
  target_link_libraries(skald_${name} PUBLIC skald_rules)
endfunction()

# skald_test(NAME LABEL <unit|postgres|kafka|...> SOURCES ... LIBRARIES ...): one doctest program,
# one ctest test. Sources are listed by hand, so that a test that is not run cannot rot unseen.
# LABEL "unit" needs no service and runs under asan, "threads" under tsan; a label's tests are built
# by the target tests_<label>.
function(skald_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "SOURCES;LIBRARIES")  # keeps lists
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE skald_test_main ${arg_LIBRARIES})
  target_compile_options(${name} PRIVATE -O0)  # its own code only: half the time
  foreach(label IN LISTS arg_LABEL)
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})
    endif()
    add_dependencies(tests_${label} ${name})
  endforeach()
  if("unit" IN_LIST arg_LABEL AND NOT SKALD_UNIT_TESTS)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    return()
  endif()
  add_test(NAME ${name} COMMAND ${name})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABEL}" TIMEOUT ${arg_TIMEOUT})
endfunction()
