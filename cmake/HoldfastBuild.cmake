# How everything here is compiled: standard, warnings, hardening, sanitizers, ccache.
include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# What is installed is optimised as what is tested (RelWithDebInfo, and Debian's packages). At -O3
# g++ 12 also warns of a dozen things that are not so.
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")

set(HOLDFAST_SANITIZE "" CACHE STRING "address,undefined or thread")
option(HOLDFAST_WERROR "warnings are errors (on in the presets, but for release)" OFF)
option(HOLDFAST_FUZZ "build the libFuzzer targets (clang)" OFF)

find_program(HOLDFAST_CCACHE ccache)
if(HOLDFAST_CCACHE)
  # Two checkouts of the same sources share what was compiled; the sloppiness is what precompiled
  # headers need.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
                                  CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
                                  ${HOLDFAST_CCACHE})
endif()

add_library(holdfast_flags INTERFACE)
target_include_directories(holdfast_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
target_compile_options(holdfast_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wformat=2 -Wundef
  -fstack-protector-strong -fstack-clash-protection -fcf-protection)
if(HOLDFAST_WERROR)
  target_compile_options(holdfast_flags INTERFACE -Werror)
endif()
target_compile_definitions(holdfast_flags INTERFACE _GLIBCXX_ASSERTIONS)
if(NOT HOLDFAST_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(holdfast_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
target_link_options(holdfast_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
if(HOLDFAST_SANITIZE)
  # -g1: reports need lines, not variables; it compiles a sixth faster and links three times smaller.
  target_compile_options(holdfast_flags INTERFACE
    -fsanitize=${HOLDFAST_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  target_link_options(holdfast_flags INTERFACE -fsanitize=${HOLDFAST_SANITIZE})
  if(HOLDFAST_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences, which the thread sanitizer cannot see: g++ warns at each.
    target_compile_options(holdfast_flags INTERFACE -Wno-tsan)
  endif()
endif()
if(HOLDFAST_FUZZ)
  # Counts what was reached, in everything; libFuzzer itself is linked to the fuzz targets only.
  target_compile_options(holdfast_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(holdfast_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# holdfast_library(NAME SOURCES a.cpp … LINKS public-target … PRIVATE_LINKS target …)
function(holdfast_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC holdfast_flags ${arg_LINKS} PRIVATE ${arg_PRIVATE_LINKS})
endfunction()

# holdfast_program(NAME DESTINATION dir SOURCES main.cpp … LINKS target …)
function(holdfast_program name)
  cmake_parse_arguments(arg "" "DESTINATION" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE holdfast_flags ${arg_LINKS})
  target_link_options(${name} PRIVATE -pie)
  # One folder for all, so that `holdfastd --dev` finds its workers beside itself.
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(arg_DESTINATION)
    install(TARGETS ${name} RUNTIME DESTINATION ${arg_DESTINATION})
  endif()
endfunction()
