# What Holdfast stands on. docs/dependencies.md says why each; scripts/setup installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(Boost 1.81 REQUIRED COMPONENTS program_options json)
find_package(SQLite3 REQUIRED)
pkg_check_modules(TSS2_MU REQUIRED IMPORTED_TARGET tss2-mu)
pkg_check_modules(TSS2_ESYS REQUIRED IMPORTED_TARGET tss2-esys tss2-sys tss2-rc tss2-tctildr tss2-mu)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(LIBP11 REQUIRED IMPORTED_TARGET libp11)
pkg_check_modules(P11_KIT REQUIRED IMPORTED_TARGET p11-kit-1)  # its copy of the PKCS#11 headers
pkg_check_modules(LIBCAP REQUIRED IMPORTED_TARGET libcap)
pkg_check_modules(LIBSECCOMP REQUIRED IMPORTED_TARGET libseccomp)

# Header-only parts of Boost (Asio, Beast). Asio's own use of exceptions ends in daemon/.
add_library(holdfast_asio INTERFACE)
target_link_libraries(holdfast_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(holdfast_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)
# GCC inlines Asio's allocation of coroutine frames and then takes its own pair of aligned_alloc and
# free for a mismatch; only at -O2, only there.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(holdfast_asio INTERFACE -Wno-mismatched-new-delete)
endif()
