# `cmake --install`: the command, the library, and what builds drivers against it, for
# find_package(wskrun) and for pkg-config. The installed tree may be moved as a whole.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(home ${CMAKE_INSTALL_LIBDIR}/wskrun)  # As in the sources, so that the modules find the headers.
set(packages ${CMAKE_INSTALL_LIBDIR}/cmake/wskrun)

install(TARGETS wskrun libwskrun
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
set_target_properties(wskrun PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/wdk include/wskrun DESTINATION ${home}/include)
install(FILES cmake/wskrun_wdk.cmake cmake/wskrun_add_driver.cmake cmake/wskrun_wpp.cmake
  cmake/wskrun_includes.cmake
  cmake/driver.map DESTINATION ${home}/cmake)

configure_package_config_file(cmake/wskrunConfig.cmake.in ${PROJECT_BINARY_DIR}/wskrunConfig.cmake
  INSTALL_DESTINATION ${packages} PATH_VARS home CMAKE_INSTALL_BINDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/wskrunConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/wskrunConfig.cmake
  ${PROJECT_BINARY_DIR}/wskrunConfigVersion.cmake DESTINATION ${packages})

list(JOIN WSKRUN_WDK_OPTIONS " " wdk_options)
list(JOIN WSKRUN_DRIVER_OPTIONS " " driver_options)
foreach(package IN ITEMS wskrun wskrun-driver)
  configure_file(cmake/${package}.pc.in ${PROJECT_BINARY_DIR}/${package}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${package}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
