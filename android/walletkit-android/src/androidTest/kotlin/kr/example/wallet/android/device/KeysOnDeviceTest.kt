package kr.example.wallet.android.device

import android.content.pm.PackageManager
import android.os.Build
import kotlinx.coroutines.runBlocking
import kr.example.wallet.android.AndroidKeyStoreSeam
import kr.example.wallet.android.KeyHome
import kr.example.wallet.android.SecureHome
import kr.example.wallet.core.Attestation
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyPurpose
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.Residence
import kr.example.wallet.core.SignRequest
import kr.example.wallet.core.UserAuthentication
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import java.io.ByteArrayInputStream
import java.security.cert.CertificateFactory
import java.security.cert.X509Certificate

/** What only hardware can show. */
class KeysOnDeviceTest {
    @get:Rule val stand = Stand()
    private val homes = mutableListOf<KeyHome>()
    private val store by lazy { AndroidKeyStoreSeam(stand.context, stand.prompts) { homes += it } }

    @After
    fun tidy() {
        runBlocking { store.delete(homes.map { it.id }) }
    }

    /** With StrongBox the Instance key is in it; without, the report says so. Never in software. Android 11 says no more than that. */
    @Test
    fun the_instance_key_lives_where_the_report_says(): Unit =
        runBlocking {
            val key = store.create(INSTANCE, CHALLENGE, 1u).keys.single()
            val home = homes.single()
            assertEquals(Residence.SECURE_ELEMENT, home.asked)
            assertEquals(home.got, store.home(key.id))
            assertNotEquals(SecureHome.SOFTWARE, home.got)
            val strongBox = stand.context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)
            val told = Build.VERSION.SDK_INT >= Build.VERSION_CODES.S
            if (told) assertEquals(strongBox, home.got == SecureHome.STRONGBOX) else assertEquals(SecureHome.SECURE_HARDWARE, home.got)
        }

    /** Each certificate of the chain is signed by the next; the leaf carries Android's description of the key. */
    @Test
    fun the_chain_is_one(): Unit =
        runBlocking {
            val made = store.create(HOLDER, CHALLENGE, 1u)
            val certificates = CertificateFactory.getInstance("X.509")
            val chain =
                (made.attestation as Attestation.AndroidChain).chains.single().map {
                    certificates.generateCertificate(ByteArrayInputStream(it)) as X509Certificate
                }
            chain.zipWithNext().forEach { (child, parent) -> child.verify(parent.publicKey) }
            chain.last().let { it.verify(it.publicKey) }
            assertTrue(chain.first().nonCriticalExtensionOIDs.contains(KEY_DESCRIPTION))
        }

    /** Dismissed by whoever holds the phone; approved the second time. */
    @Test
    fun a_dismissed_prompt_is_the_citizens_and_the_key_goes_on(): Unit =
        runBlocking {
            val key = store.create(HOLDER, CHALLENGE, 1u).keys.single()
            stand.screen.say("취소를 누르세요\n\nPress cancel")
            assertThrows(KeyStoreException.UserCancelled::class.java) { runBlocking { sign(key.id, "Press cancel") } }
            stand.screen.say("승인하세요\n\nApprove")
            assertEquals(1, sign(key.id, "Approve").size)
        }

    private suspend fun sign(
        key: String,
        title: String,
    ) = store.sign(key, listOf(SignRequest(CHALLENGE)), Prompt(title, "KeysOnDeviceTest", null))

    private companion object {
        const val KEY_DESCRIPTION = "1.3.6.1.4.1.11129.2.1.17"
        val CHALLENGE = "device".encodeToByteArray()
        val HOLDER = KeyPolicy(KeyPurpose.HOLDER, UserAuthentication.EachUse, Residence.SECURE_WORLD)
        val INSTANCE = KeyPolicy(KeyPurpose.INSTANCE, UserAuthentication.None, Residence.SECURE_ELEMENT)
    }
}
