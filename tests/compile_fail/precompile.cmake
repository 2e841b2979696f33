# Writes HEADER.gch, the compiled form of base.hpp that run.cmake uses.
#   cmake -D COMPILER=g++ -D HEADER=.../base.hpp -D ROOT=... -P precompile.cmake
cmake_path(GET HEADER PARENT_PATH folder)
file(MAKE_DIRECTORY ${folder})
execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND ${COMPILER} -std=c++20 -w -I${ROOT} -I${ROOT}/include -x c++-header
    ${ROOT}/tests/compile_fail/base.hpp -o ${HEADER}.gch)
