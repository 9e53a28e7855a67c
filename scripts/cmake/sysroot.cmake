# Builds against the C and C++ libraries of an older system that is unpacked in a folder (scripts/steps/sysroot.mjs), so
# that the addon asks for no symbol that came later. The compiler stays this machine's.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SEMPLES_SYSROOT SEMPLES_TRIPLET SEMPLES_SYSROOT_GCC)
if(NOT CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL "${SEMPLES_PROCESSOR}" AND SEMPLES_PROCESSOR)
  list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SEMPLES_PROCESSOR)
  set(CMAKE_SYSTEM_NAME Linux)
  set(CMAKE_SYSTEM_PROCESSOR ${SEMPLES_PROCESSOR})
  set(CMAKE_C_COMPILER ${SEMPLES_TRIPLET}-gcc)
  set(CMAKE_CXX_COMPILER ${SEMPLES_TRIPLET}-g++)
  # The libraries that stand in for LibTorch's are empty (scripts/steps/cross.mjs), and yet asked for.
  set(keep "-Wl,--no-as-needed ")
endif()
set(CMAKE_SYSROOT ${SEMPLES_SYSROOT})
set(usr ${SEMPLES_SYSROOT}/usr)
set(gcc ${usr}/lib/gcc/${SEMPLES_TRIPLET}/${SEMPLES_SYSROOT_GCC})
set(headers ${usr}/include)
# The standard library's headers go with its binary: newer ones call what the older one has not. Warnings of its code,
# which is not ours to change, come from a compiler that knows more.
# (cmake-js sets CMAKE_CXX_FLAGS, so these are options.)
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-nostdinc++>"
  "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-isystem ${headers}/c++/${SEMPLES_SYSROOT_GCC}>"
  "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-isystem ${headers}/${SEMPLES_TRIPLET}/c++/${SEMPLES_SYSROOT_GCC}>"
  -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict)
# nvcc hands everything to the same compiler, and knows none of CMake's sysroot.
string(JOIN "," host --sysroot=${SEMPLES_SYSROOT} -nostdinc++ -isystem ${headers}/c++/${SEMPLES_SYSROOT_GCC}
  -isystem ${headers}/${SEMPLES_TRIPLET}/c++/${SEMPLES_SYSROOT_GCC} -Wno-array-bounds -Wno-stringop-overflow)
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=${host}>")
# A compiler looks into its own folders first where none is named.
set(link "${keep}--sysroot=${SEMPLES_SYSROOT} -B${usr}/lib/${SEMPLES_TRIPLET}")
foreach(folder ${usr}/lib/${SEMPLES_TRIPLET} ${SEMPLES_SYSROOT}/lib/${SEMPLES_TRIPLET} ${gcc})
  string(APPEND link " -L${folder}")
endforeach()
set(CMAKE_SHARED_LINKER_FLAGS_INIT "${link}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "${link}")
