@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.conformance

import kotlinx.coroutines.withTimeoutOrNull
import kr.example.wallet.core.Http
import kr.example.wallet.core.HttpException
import kr.example.wallet.core.HttpMethod
import kr.example.wallet.core.HttpRequest
import org.junit.After
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test

/** What every [Http] does, against a server of its own on loopback. */
public abstract class HttpConformance {
    private lateinit var server: LoopbackServer

    /** A client that may speak to this very device without TLS. */
    protected abstract fun make(): Http

    /** Starts the server. */
    @Before
    public fun serve() {
        server = LoopbackServer()
    }

    /** Stops the server. */
    @After
    public fun stop(): Unit = server.close()

    /** Bytes of every value come back as sent. */
    @Test
    public fun carries_bodies_unchanged(): Unit =
        case {
            val body = ByteArray(256) { it.toByte() }
            val response = make().send(request(HttpMethod.POST, "/echo", body))
            assertEquals(200, response.status.toInt())
            assertArrayEquals("a body is carried unchanged", body, response.body)
            assertTrue("header names are in lower case", response.headers.keys.all { it == it.lowercase() })
            assertEquals("yes", response.headers["x-mixed-case"])
        }

    /** A status that means failure is a response, not an error. */
    @Test
    public fun any_status_is_a_response(): Unit =
        case { assertEquals(404, make().send(request(HttpMethod.GET, "/missing")).status.toInt()) }

    /** A redirect is given back as it is. */
    @Test
    public fun no_redirect_is_followed(): Unit =
        case {
            val response = make().send(request(HttpMethod.GET, "/redirect"))
            assertEquals(302, response.status.toInt())
            assertTrue("no redirect is followed", "location" in response.headers)
        }

    /** 1 MiB fits; a byte more is refused and not cut off. */
    @Test
    public fun a_body_of_1_mib_fits_and_no_more(): Unit =
        case {
            assertEquals(1 shl 20, make().send(request(HttpMethod.GET, "/full")).body.size)
            refuses<HttpException>("a longer body is refused") { make().send(request(HttpMethod.GET, "/over")) }
        }

    /** Who gives up waits no longer, though the server goes on. */
    @Test
    public fun who_gives_up_is_let_go(): Unit =
        case {
            val begun = System.nanoTime()
            assertNull(withTimeoutOrNull(HALF_A_SECOND) { make().send(request(HttpMethod.GET, "/drip")) })
            val seconds = (System.nanoTime() - begun) / 1_000_000_000
            assertTrue("let go after $seconds s", seconds < 10)
        }

    private fun request(
        method: HttpMethod,
        path: String,
        body: ByteArray = ByteArray(0),
    ) = HttpRequest(method, server.base + path, mapOf("content-type" to "application/octet-stream"), body)

    private companion object {
        const val HALF_A_SECOND = 500L
    }
}
