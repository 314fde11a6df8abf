package kr.example.wallet.bench

import kotlinx.coroutines.runBlocking
import java.io.File
import kotlin.system.exitProcess

/**
 * Shows ten thousand times and says how the process grew: resident memory after a fifth, when caches have their size and what is
 * called often is compiled, and at the end.
 * Fails when it grew by more than [ALLOWED_KIB]. Wants a heap that has its size and its pages from the beginning, as
 * `tests/binding-cost` gives it: what grows then is the library, its bindings, or what they keep.
 */
public object Shows10000 {
    private const val SHOWS = 10_000
    private const val ALLOWED_KIB = 4 * 1024

    /** @param arguments the number of shows; 10,000 without it. */
    @JvmStatic
    public fun main(arguments: Array<String>) {
        val shows = arguments.firstOrNull()?.toInt() ?: SHOWS
        val grown =
            runBlocking {
                EnrolledPhone.make().use { phone ->
                    var first = 0
                    for (show in 1..shows) {
                        phone.restore()
                        phone.show()
                        if (show == shows / 5) first = resident()
                        if (show % maxOf(1, shows / 10) == 0) System.err.println("$show shows: ${resident()} KiB")
                    }
                    val last = resident()
                    println("""{"shows":$shows,"after_warm_up_kib":$first,"at_end_kib":$last,"language":"kotlin"}""")
                    last - first
                }
            }
        if (grown > ALLOWED_KIB) exitProcess(1)
    }

    /** Resident memory after a collection, KiB. */
    private fun resident(): Int {
        System.gc()
        val line = File("/proc/self/status").useLines { lines -> lines.first { it.startsWith("VmRSS:") } }
        return line.filter(Char::isDigit).toInt()
    }
}
