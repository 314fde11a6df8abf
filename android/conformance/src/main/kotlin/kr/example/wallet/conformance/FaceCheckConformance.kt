@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.conformance

import kr.example.wallet.core.FaceCheck
import kr.example.wallet.core.Prompt
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import java.security.MessageDigest

/** What every [FaceCheck] does. */
public abstract class FaceCheckConformance {
    /** A check that will match. */
    protected abstract fun make(): FaceCheck

    /** Its provider's public key, SEC1, 65 bytes. */
    protected abstract fun providerKey(): ByteArray

    /** The evidence verifies over challenge ‖ SHA-256(portrait) ‖ SHA-256(instance key), and over nothing else. */
    @Test
    public fun evidence_is_signed_by_the_provider_for_this_wallet(): Unit =
        case {
            val (portrait, challenge, instance) = Triple("portrait".encodeToByteArray(), ByteArray(32) { 7 }, ByteArray(65) { 4 })
            val evidence = make().compare(portrait.copyOf(), challenge.copyOf(), instance.copyOf(), Prompt("Face", "", null))
            assertTrue("the evidence names its provider", evidence.provider.isNotEmpty())

            fun holdsFor(
                challenge: ByteArray,
                portrait: ByteArray,
                instance: ByteArray,
            ) = verifies(providerKey(), challenge + sha256(portrait) + sha256(instance), evidence.signature)
            assertTrue("the evidence verifies", holdsFor(challenge, portrait, instance))
            assertFalse("it is for this challenge", holdsFor(ByteArray(32) { 8 }, portrait, instance))
            assertFalse("it is for this face", holdsFor(challenge, "another".encodeToByteArray(), instance))
            assertFalse("it is for this wallet", holdsFor(challenge, portrait, ByteArray(65) { 5 }))
        }

    private fun sha256(bytes: ByteArray) = MessageDigest.getInstance("SHA-256").digest(bytes)
}
