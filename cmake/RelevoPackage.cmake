# `cmake --install` and the Debian package (`cpack -G DEB` in the build directory).
# Included last, when every program that is going to be built is known.
include(GNUInstallDirs)

set(relevo_programs)
foreach(program IN ITEMS relevo relevoctl)
  if(TARGET ${program})
    list(APPEND relevo_programs ${program})
  endif()
endforeach()
if(relevo_programs)
  install(TARGETS ${relevo_programs} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# What only makes sense with the server itself.
if(TARGET relevo)
  # Absolute, since the unit and the service's directories name them so.
  install(FILES packaging/relevo.service DESTINATION /lib/systemd/system)
  install(FILES packaging/relevo.json DESTINATION /etc/relevo)
endif()
if(EXISTS "${CMAKE_SOURCE_DIR}/LICENSE")
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
endif()
# As they lie in the tree, so that the links between them hold.
if(EXISTS "${CMAKE_SOURCE_DIR}/README.md")
  install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
if(EXISTS "${CMAKE_SOURCE_DIR}/docs")
  install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME relevo)
set(CPACK_PACKAGE_VENDOR Relevo)
set(CPACK_PACKAGE_CONTACT "Relevo maintainers <relevo@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_STRIP_FILES ON)
# The package goes to /usr whatever prefix the build was given. DESTDIR, since
# the absolute destinations above would otherwise be written to the live system.
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # libraries are found, not listed by hand
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Relevo stands between applications and a replicated database cluster. It
sends writes to the primary and spreads reads over the replicas whose lag
is good enough; when the primary dies it promotes the most caught-up
replica, repoints the others and lets the waiting sessions go on.")
if(TARGET relevo)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, procps")  # the unit reloads with /bin/kill
  set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${CMAKE_SOURCE_DIR}/packaging/conffiles" "${CMAKE_SOURCE_DIR}/packaging/postinst"
    "${CMAKE_SOURCE_DIR}/packaging/prerm" "${CMAKE_SOURCE_DIR}/packaging/postrm")
  set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
endif()
include(CPack)
