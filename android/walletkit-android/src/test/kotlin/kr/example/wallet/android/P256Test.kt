package kr.example.wallet.android

import org.junit.Test
import java.math.BigInteger
import java.security.KeyPairGenerator
import java.security.SignatureException
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class P256Test {
    @Test
    fun `numbers of every length become thirty-two bytes`() {
        for (bits in listOf(1, 7, 8, 127, 128, 247, 248, 255, 256)) {
            val number = BigInteger.ONE.shiftLeft(bits - 1)
            val fixed = fixed(der(number, BigInteger.TWO))
            assertEquals(64, fixed.size)
            assertEquals(number, BigInteger(1, fixed.copyOf(32)))
            assertEquals(BigInteger.TWO, BigInteger(1, fixed.copyOfRange(32, 64)))
        }
    }

    @Test
    fun `what is no signature is refused`() {
        val good = der(BigInteger.TEN, BigInteger.TWO)
        fixed(good)
        val bad =
            listOf(
                ByteArray(0),
                good.copyOf(good.size - 1),
                good + 0,
                good.copyOf().also { it[0] = 0x31 },
                good.copyOf().also { it[2] = 0x03 },
                good.copyOf().also { it[3] = 0x7F },
                der(BigInteger.ZERO, BigInteger.TWO),
                der(BigInteger.TWO, BigInteger.ONE.negate()),
                der(BigInteger.ONE.shiftLeft(256), BigInteger.TWO),
                byteArrayOf(0x30, 4, 2, 0, 2, 0),
                byteArrayOf(0x30, 8, 2, 1, 10, 2, 1, 2, 0, 0),
            )
        for (bytes in bad) assertFailsWith<SignatureException>(bytes.toList().toString()) { fixed(bytes) }
    }

    @Test
    fun `a point is its two coordinates with their leading zeros`() {
        val maker = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }
        // One coordinate in 128 begins with a zero byte.
        repeat(400) {
            val key = maker.generateKeyPair().public as ECPublicKey
            val point = point(key)
            assertEquals(65, point.size)
            assertEquals(key.w.affineX, BigInteger(1, point.copyOfRange(1, 33)))
            assertContentEquals(byteArrayOf(4), point.copyOf(1))
            assertEquals(key.w.affineY, BigInteger(1, point.copyOfRange(33, 65)))
        }
    }

    private fun der(
        r: BigInteger,
        s: BigInteger,
    ): ByteArray {
        val body = listOf(r, s).map { it.toByteArray() }.fold(ByteArray(0)) { all, it -> all + 2 + it.size.toByte() + it }
        return byteArrayOf(0x30, body.size.toByte()) + body
    }
}
