#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The C library's cosine.
func libraryCosine(_ value: Double) -> Double { cos(value) }

/// The C library's natural logarithm.
func libraryLogarithm(_ value: Double) -> Double { log(value) }
