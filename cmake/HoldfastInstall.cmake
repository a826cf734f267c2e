# Where the parts that are no targets go: units, users, folders, public headers.
set(HOLDFAST_UNIT_DIR "lib/systemd/system" CACHE STRING "where systemd units go, below the prefix")
set(HOLDFAST_SYSUSERS_DIR "lib/sysusers.d" CACHE STRING "where sysusers files go, below the prefix")
set(HOLDFAST_TMPFILES_DIR "lib/tmpfiles.d" CACHE STRING "where tmpfiles files go, below the prefix")

set(HOLDFAST_SBINDIR ${CMAKE_INSTALL_FULL_SBINDIR})
set(HOLDFAST_BINDIR ${CMAKE_INSTALL_FULL_BINDIR})
set(holdfast_units ${CMAKE_BINARY_DIR}/systemd)
foreach(service IN ITEMS holdfastd.service holdfast-agent@.service)
  configure_file(${CMAKE_SOURCE_DIR}/systemd/${service} ${holdfast_units}/${service} @ONLY)
endforeach()
foreach(socket IN ITEMS holdfast-agent.socket holdfast-admin.socket)
  configure_file(${CMAKE_SOURCE_DIR}/systemd/${socket} ${holdfast_units}/${socket} COPYONLY)
endforeach()

install(FILES ${holdfast_units}/holdfastd.service ${holdfast_units}/holdfast-agent@.service
              ${holdfast_units}/holdfast-agent.socket ${holdfast_units}/holdfast-admin.socket
        DESTINATION ${HOLDFAST_UNIT_DIR})
install(FILES systemd/holdfast.sysusers.conf DESTINATION ${HOLDFAST_SYSUSERS_DIR} RENAME holdfast.conf)
install(FILES systemd/holdfast.tmpfiles.conf DESTINATION ${HOLDFAST_TMPFILES_DIR} RENAME holdfast.conf)
install(DIRECTORY include/holdfast DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# A mistake in a unit shows here, not at the first boot of a host.
find_program(SYSTEMD_ANALYZE systemd-analyze)
if(HOLDFAST_TESTS AND SYSTEMD_ANALYZE)
  add_test(NAME systemd-verify
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/systemd_verify.sh
                   ${SYSTEMD_ANALYZE} ${CMAKE_SOURCE_DIR}/systemd $<TARGET_FILE:holdfastd> $<TARGET_FILE:holdfast>)
  set_tests_properties(systemd-verify PROPERTIES LABELS integration TIMEOUT 60)
endif()
if(HOLDFAST_TESTS)
  add_test(NAME install-layout
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/install_layout.sh
                   ${CMAKE_COMMAND} ${CMAKE_BINARY_DIR})
  set_tests_properties(install-layout PROPERTIES LABELS integration TIMEOUT 120)
endif()
